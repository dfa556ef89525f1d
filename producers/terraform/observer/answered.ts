// A provider's answer in the form in which a state holds it. Pure.
import { type Exact, ExactNumber, type ExactObject } from '../exact-json.ts';
import { at, below, undecodable } from '../plugin/values/problem.ts';
import { isObject, Unknown, type Value, type ValueObject } from '../plugin/values/value.ts';

/** Throws a ValueProblem that names the path of what a read must not hold: a value that is not known. */
export function stateForm(attributes: ValueObject): ExactObject {
  return object(attributes, '');
}

const object = (value: ValueObject, path: string): ExactObject =>
  Object.fromEntries(Object.entries(value).map(([name, member]) => [name, form(member, below(path, name))]));

function form(value: Value, path: string): Exact {
  if (value instanceof Unknown)
    throw undecodable('the provider answered a read with a value that only an apply would decide', path);
  if (value instanceof ExactNumber) return value;
  if (Array.isArray(value)) return value.map((item, i) => form(item, at(path, i)));
  return isObject(value) ? object(value, path) : value;
}
