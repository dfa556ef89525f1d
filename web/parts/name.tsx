// A name made by machines (an address, an id, an ARN): it breaks where its parts end, before it breaks within one.
import { Fragment } from 'react';

/** After these a new line may begin. */
const PART = /(?<=[._/:\]-])/;

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
