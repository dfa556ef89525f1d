// Which values of an observation are secret although the declaration's own marks do not reach them: those that the
// provider's schema marks, and those whose mark stands at another index (a list of which one element was inserted). Pure.
//
// A value that the state holds in the clear at the same path is already published: it stays readable, so that what is
// equal to its declaration reads the same. Any other value there is a secret.
import { canonical } from '../../../schemas/index.ts';
import { type Exact, type ExactObject, isObject, toJson } from '../exact-json.ts';
import { emptyMarks, type Marks, mark, marksStep } from '../redact.ts';

/** A tree of paths without indices; `*` is each element of a list or set. */
interface Paths {
  /** True where a path ends: all below is sensitive. */
  end: boolean;
  /** What the state has there in the clear, as canonical text. */
  clear: Set<string>;
  below: Map<string, Paths>;
}

const noPaths = (): Paths => ({ end: false, clear: new Set(), below: new Map() });
const INDEX = /^\d+$/;

function add(root: Paths, steps: readonly string[]): void {
  let at = root;
  for (const step of steps) {
    let next = at.below.get(step);
    if (!next) {
      next = noPaths();
      at.below.set(step, next);
    }
    at = next;
  }
  at.end = true;
}

/** The instance's own marks, wherever in their lists and sets the marked elements stand. */
function addMarks(root: Paths, marks: Marks, steps: readonly string[]): void {
  if (marks.reach !== null && steps.length > 0) add(root, steps);
  for (const [name, below] of marks.below) {
    const element = INDEX.test(name) ? (below.reach === null ? [] : ['*']) : [name];
    addMarks(root, below, [...steps, ...element]);
  }
}

/** Goes to every value at which a path ends; `visit` gets the steps to it, which it must not keep. */
function eachAt(
  value: Exact,
  paths: Paths,
  marks: Marks | null,
  steps: string[],
  visit: (value: Exact, paths: Paths, steps: readonly string[]) => void,
): void {
  // What its own marks reach is dealt with.
  if (marks?.reach != null || value === null) return;
  if (paths.end) {
    visit(value, paths, steps);
    return;
  }
  const into = (name: string, member: Exact, next: Paths): void => {
    steps.push(name);
    eachAt(member, next, marksStep(marks, name), steps, visit);
    steps.pop();
  };
  if (Array.isArray(value))
    for (const [i, item] of value.entries()) into(String(i), item, paths.below.get('*') ?? paths);
  else if (isObject(value))
    for (const [name, member] of Object.entries(value)) {
      // Keys of maps are no part of a path; the names of attributes at the top are.
      const next = paths.below.get(name) ?? (steps.length > 0 ? paths : null);
      if (next) into(name, member, next);
    }
}

const textOf = (value: Exact): string => canonical(toJson(value));

/** The marks under which an observation is written. The instance's own, where nothing else is sensitive. */
export function marksFor(
  stated: { attributes: ExactObject; marks: Marks | null },
  observed: ExactObject,
  sensitive: readonly string[],
): Marks | null {
  const paths = noPaths();
  for (const path of sensitive) if (path !== '') add(paths, path.split('.'));
  if (stated.marks) addMarks(paths, stated.marks, []);
  if (paths.below.size === 0) return stated.marks;
  eachAt(stated.attributes, paths, stated.marks, [], (value, at) => at.clear.add(textOf(value)));
  const more: string[][] = [];
  eachAt(observed, paths, stated.marks, [], (value, at, steps) => {
    if (!at.clear.has(textOf(value))) more.push([...steps]);
  });
  if (more.length === 0) return stated.marks;
  const all = stated.marks ? copyOf(stated.marks) : emptyMarks();
  for (const steps of more) mark(all, steps, 'full');
  return all;
}

const copyOf = ({ reach, below }: Marks): Marks => ({
  reach,
  below: new Map([...below].map(([name, marks]) => [name, copyOf(marks)])),
});
