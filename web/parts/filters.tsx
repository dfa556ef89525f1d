// Filters of a page; they live in the address, so that a view can be linked.
import { useEffect, useRef, useState } from 'react';
import { setFilters } from '../route.tsx';

const TYPING_MS = 250;
/** The API takes no longer text. */
const LONGEST = 200;

export function Search({ value, label }: { value: string; label: string }) {
  const [text, setText] = useState(value);
  const sent = useRef(value);
  // The address changed by other means: a link, going back, clearing the filters.
  useEffect(() => {
    if (value === sent.current) return;
    sent.current = value;
    setText(value);
  }, [value]);
  useEffect(() => {
    if (text === sent.current) return;
    const timer = setTimeout(() => {
      sent.current = text;
      setFilters({ q: text });
    }, TYPING_MS);
    return () => clearTimeout(timer);
  }, [text]);
  return (
    <label className="field grow">
      <span>{label}</span>
      <input
        className="input"
        type="search"
        value={text}
        maxLength={LONGEST}
        onChange={(event) => setText(event.target.value)}
        onKeyDown={(event) => event.key === 'Escape' && setText('')}
      />
    </label>
  );
}

interface SelectProps {
  name: string;
  label: string;
  value: string;
  options: readonly (readonly [value: string, label: string])[];
  /** Told of each choice, before it stands in the address. */
  onChoice?: (value: string) => void;
}

export function Select({ name, label, value, options, onChoice }: SelectProps) {
  // A value that came with the address stays visible, known or not.
  const known = options.some(([option]) => option === value);
  return (
    <label className="field">
      <span>{label}</span>
      <select
        className="input"
        value={value}
        onChange={(event) => {
          onChoice?.(event.target.value);
          setFilters({ [name]: event.target.value });
        }}
      >
        {options.map(([option, text]) => (
          <option key={option} value={option}>
            {text}
          </option>
        ))}
        {!known && <option value={value}>{value}</option>}
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
