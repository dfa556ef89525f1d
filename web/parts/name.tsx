// A name made by machines (an address, an id, an ARN), or words that hold one: it breaks where its parts end, before it
// breaks within one.
import { Fragment } from 'react';

/** After these a new line may begin; not within a number or an IP address. */
const PART = /(?<=[_/:\]-]|\.(?!\d))/;

export function Name({ children }: { children: string }) {
  let at = 0;
  return children.split(PART).map((part) => {
    at += part.length;
    return (
      <Fragment key={at}>
        {part}
        <wbr />
      </Fragment>
    );
  });
}
