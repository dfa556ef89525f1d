// The heading of a page: names the document, and takes the focus when the reader arrives from another page.
import { type ReactNode, useCallback, useEffect, useLayoutEffect, useRef } from 'react';
import { passOn, useArrival } from '../route.tsx';
import { Name } from './name.tsx';

export function Heading({ title, children }: { title: string; children?: ReactNode }) {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    document.title = `${title} · DriftMgr`;
  }, [title]);
  // While a page loads its heading may be another element than after it.
  useLayoutEffect(() => {
    const element = heading.current;
    return () => {
      if (element !== null && element === document.activeElement) passOn();
    };
  }, []);
  useArrival(useCallback(() => heading.current?.focus({ preventScroll: true }), []));
  return (
    <h1 ref={heading} tabIndex={-1}>
      {children ?? <Name>{title}</Name>}
    </h1>
  );
}
