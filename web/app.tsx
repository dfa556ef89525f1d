// The frame: sign-in, navigation, live connection, what is announced, and the page the address names.
import { useEffect, useState, useSyncExternalStore } from 'react';
import { announced } from './announced.ts';
import { type Changes, type Connection, useLive } from './live.ts';
import { gapCount, type Overview, total, useOverview, waits } from './overview.ts';
import { AuditPage } from './pages/audit.tsx';
import { DriftPage } from './pages/drift.tsx';
import { DriftsPage } from './pages/drifts.tsx';
import { GapsPage } from './pages/gaps.tsx';
import { SignIn } from './pages/sign-in.tsx';
import { SystemPage } from './pages/system.tsx';
import { WorkspacePage } from './pages/workspace.tsx';
import { WorkspacesPage } from './pages/workspaces.tsx';
import { Boundary, Empty } from './parts/answer.tsx';
import { Heading } from './parts/heading.tsx';
import { Link, useAddress } from './route.tsx';
import { session } from './session.ts';
import { ThemeButton } from './theme.tsx';

const PAGES: readonly (readonly [path: string, name: string])[] = [
  ['/', 'Drifts'],
  ['/workspaces', 'Workspaces'],
  ['/gaps', 'Gaps'],
  ['/audit', 'Audit'],
  ['/system', 'System'],
];

const TICK_MS = 15_000;

export function App() {
  const key = useSyncExternalStore(session.subscribe, session.key);
  return key ? <SignedIn /> : <SignIn />;
}

function SignedIn() {
  const { path } = useAddress();
  const [announcement, setAnnouncement] = useState({ text: '', nth: 0 });
  const { connection, changes } = useLive((events) => {
    const text = announced(events);
    if (text) setAnnouncement(({ nth }) => ({ text, nth: nth + 1 }));
  });
  const overview = useOverview(changes);
  const now = useNow();
  const section = path.startsWith('/drifts') ? '/' : `/${path.split('/')[1]}`;
  const waiting: Record<string, [count: number, means: string]> = {
    '/': [total((overview.counts.value ?? []).filter(waits)), 'need a decision'],
    '/gaps': [overview.gaps.value ? gapCount(overview.gaps.value) : 0, 'known'],
  };

  return (
    <>
      <a className="skip" href="#content">
        Skip to content
      </a>
      <header className="top">
        <div className="top-inner">
          <Link to="/" className="brand">
            <img src="/icon.svg" alt="" width="24" height="24" /> DriftMgr
          </Link>
          <nav className="nav" aria-label="Pages">
            {PAGES.map(([to, name]) => {
              const [count = 0, means = ''] = waiting[to] ?? [];
              return (
                <Link key={to} to={to} current={section === to}>
                  {name}
                  {count > 0 && (
                    <span className="badge">
                      {count > 99 ? '99+' : count}
                      <span className="hidden"> {means}</span>
                    </span>
                  )}
                </Link>
              );
            })}
          </nav>
          <div className="tools">
            <LiveMark connection={connection} />
            <ThemeButton />
            <button type="button" className="button plain" onClick={() => session.signOut()}>
              Sign out
            </button>
          </div>
        </div>
      </header>
      <p className="hidden" role="status" aria-live="polite">
        {/* A new element is read out even if it says the same again. */}
        <span key={announcement.nth}>{announcement.text}</span>
      </p>
      <main className="page" id="content" tabIndex={-1}>
        <Boundary key={path}>
          <Page path={path} changes={changes} now={now} overview={overview} />
        </Boundary>
      </main>
    </>
  );
}

const CONNECTION_WORDS: Record<Connection, string> = {
  connecting: 'Connecting',
  live: 'Live',
  lost: 'Reconnecting',
};

function LiveMark({ connection }: { connection: Connection }) {
  return (
    <span className="live" data-state={connection} role="status">
      {CONNECTION_WORDS[connection]}
      {connection === 'lost' && <span className="hidden">: what is shown may be old</span>}
    </span>
  );
}

interface PageProps {
  path: string;
  changes: Changes;
  now: number;
  overview: Overview;
}

function Page({ path, ...rest }: PageProps) {
  const [, section = '', id = ''] = path.split('/');
  const name = decoded(id);
  if (section === '') return <DriftsPage {...rest} />;
  if (section === 'drifts' && name) return <DriftPage id={name} {...rest} />;
  if (section === 'workspaces' && name) return <WorkspacePage name={name} {...rest} />;
  if (section === 'workspaces') return <WorkspacesPage {...rest} />;
  if (section === 'gaps') return <GapsPage {...rest} />;
  if (section === 'audit') return <AuditPage {...rest} />;
  if (section === 'system') return <SystemPage now={rest.now} />;
  return (
    <>
      <div className="lead">
        <Heading title="There is no such page" />
      </div>
      <Empty title="Nothing is at this address">
        <Link to="/">Go to the drifts</Link>
      </Empty>
    </>
  );
}

/** A part of the address; as it stands where it is no valid encoding. */
function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

/** The current time, coarse: "3 minutes ago" grows older by itself. */
function useNow(): number {
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), TICK_MS);
    return () => clearInterval(timer);
  }, []);
  return now;
}
