// A name made by machines (an address, an id, an ARN), or words that hold one: it breaks where its parts end, before it
// breaks within one.
import { Fragment } from 'react';

/** A word as long as this may fill a line of its own: it also breaks before its capitals. */
const LONG = 20;
const CAPITAL = /(?<=[a-z])(?=[A-Z])/;

/** After these a new line may begin; not within a number or an IP address. */
const PART = /(?<=[_/:\]-]|\.(?!\d))/;

export function Name({ children }: { children: string }) {
  let at = 0;
  const parts = children.split(PART).flatMap(piecesOf);
  return parts.map((part) => {
    at += part.length;
    return (
      <Fragment key={at}>
        {part}
        <wbr />
      </Fragment>
    );
  });
}

/** Words apart, so that of a sentence only the long ones break. */
const piecesOf = (part: string): string[] =>
  part.split(/(?<= )/).flatMap((word) => (word.length > LONG ? word.split(CAPITAL) : [word]));
