// Filters of a page; they live in the address, so that a view can be linked.
import { useEffect, useState } from 'react';
import { setFilters } from '../route.tsx';

const TYPING_MS = 250;

export function Search({ value, label }: { value: string; label: string }) {
  const [text, setText] = useState(value);
  useEffect(() => setText(value), [value]);
  useEffect(() => {
    if (text === value) return;
    const timer = setTimeout(() => setFilters({ q: text }), TYPING_MS);
    return () => clearTimeout(timer);
  }, [text, value]);
  return (
    <label className="field grow">
      <span>{label}</span>
      <input className="input" type="search" value={text} onChange={(event) => setText(event.target.value)} />
    </label>
  );
}

interface SelectProps {
  name: string;
  label: string;
  value: string;
  options: readonly (readonly [value: string, label: string])[];
}

export function Select({ name, label, value, options }: SelectProps) {
  return (
    <label className="field">
      <span>{label}</span>
      <select
        className="input"
        value={value}
        onChange={(event) => setFilters({ [name]: event.target.value })}
      >
        {options.map(([option, text]) => (
          <option key={option} value={option}>
            {text}
          </option>
        ))}
      </select>
    </label>
  );
}

/** A few choices side by side; the first is the default and leaves the address clean. */
export function Choices({ name, label, value, options }: SelectProps) {
  const first = options[0]?.[0] ?? '';
  return (
    <fieldset className="choices" aria-label={label}>
      {options.map(([option, text]) => (
        <button
          key={option}
          type="button"
          aria-pressed={option === (value || first)}
          onClick={() => setFilters({ [name]: option === first ? '' : option })}
        >
          {text}
        </button>
      ))}
    </fieldset>
  );
}
