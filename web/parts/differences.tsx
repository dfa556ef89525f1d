// Declared and observed, side by side, one attribute after the other; below each other on a phone.
import { useState } from 'react';
import type { DifferenceJson } from '../../api/types.ts';
import { type Line, lineDifference } from '../line-difference.ts';
import { Name } from './name.tsx';

const LINES_SHOWN = 200;

const CONFIGURED = new Map<boolean | null, string>([
  [true, 'set in the code'],
  [false, 'not set in the code'],
]);

export function Differences({ differences }: { differences: DifferenceJson[] }) {
  return (
    <div className="differences">
      {differences.map((difference) => (
        <Difference key={`${difference.path} ${difference.op}`} difference={difference} />
      ))}
    </div>
  );
}

function Difference({ difference }: { difference: DifferenceJson }) {
  const [all, setAll] = useState(false);
  const lines = lineDifference(difference.declared, difference.observed).map((line, place) => ({
    ...line,
    place,
  }));
  const shown = all ? lines : lines.slice(0, LINES_SHOWN);
  const configured = CONFIGURED.get(difference.configured);
  return (
    <section className="difference">
      <h3>
        <span className="mono">
          <Name>{difference.path}</Name>
        </span>{' '}
        <span className="faint">
          {difference.op}
          {configured && `, ${configured}`}
        </span>
      </h3>
      <table className="sides" aria-label={`${difference.path}, declared and observed`}>
        <thead>
          <tr>
            <th scope="col">{lines.every((line) => line.declared === null) ? 'Not declared' : 'Declared'}</th>
            <th scope="col">{lines.every((line) => line.observed === null) ? 'Not observed' : 'Observed'}</th>
          </tr>
        </thead>
        <tbody>
          {shown.map((line) => (
            <Sides key={line.place} line={line} />
          ))}
        </tbody>
      </table>
      {lines.length > shown.length && (
        <button type="button" className="button" onClick={() => setAll(true)}>
          Show all {lines.length.toLocaleString('en')} lines
        </button>
      )}
    </section>
  );
}

function Sides({ line }: { line: Line }) {
  return (
    <tr data-op={line.op}>
      <Side text={line.declared} depth={line.depth} sign={line.op === 'changed' ? 'removed' : line.op} />
      <Side text={line.observed} depth={line.depth} sign={line.op === 'changed' ? 'added' : line.op} />
    </tr>
  );
}

function Side({ text, depth, sign }: { text: string | null; depth: number; sign: Line['op'] }) {
  if (text === null) return <td data-sign="none" />;
  return (
    <td data-sign={sign}>
      <code style={{ paddingInlineStart: `${depth * 1.25}em` }}>{text}</code>
    </td>
  );
}
