// The frame: sign-in, navigation, live connection, and the page the address names.
import { useEffect, useState, useSyncExternalStore } from 'react';
import type { LiveEvent } from '../api/types.ts';
import { useLive } from './load.ts';
import { AuditPage } from './pages/audit.tsx';
import { DriftPage } from './pages/drift.tsx';
import { DriftsPage } from './pages/drifts.tsx';
import { GapsPage } from './pages/gaps.tsx';
import { SignIn } from './pages/sign-in.tsx';
import { WorkspacePage } from './pages/workspace.tsx';
import { WorkspacesPage } from './pages/workspaces.tsx';
import { Empty } from './parts/answer.tsx';
import { Link, useAddress } from './route.tsx';
import { session } from './session.ts';

const PAGES: readonly (readonly [path: string, name: string])[] = [
  ['/', 'Drifts'],
  ['/workspaces', 'Workspaces'],
  ['/gaps', 'Gaps'],
  ['/audit', 'Audit'],
];

const TICK_MS = 15_000;

export function App() {
  const key = useSyncExternalStore(session.subscribe, session.key);
  return key ? <SignedIn /> : <SignIn />;
}

function SignedIn() {
  const { path } = useAddress();
  // Pages load again when this number grows: something they may show has changed.
  const [change, setChange] = useState(0);
  const connection = useLive((events: LiveEvent[]) => {
    if (events.some((event) => event.kind !== 'ready')) setChange((n) => n + 1);
  });
  const now = useNow();
  const section = path.startsWith('/drifts') ? '/' : `/${path.split('/')[1]}`;

  return (
    <>
      <a className="skip" href="#content">
        Skip to content
      </a>
      <header className="top">
        <div className="top-inner">
          <Link to="/" className="brand">
            <img src="/icon.svg" alt="" /> DriftMgr
          </Link>
          <nav className="nav" aria-label="Pages">
            {PAGES.map(([to, name]) => (
              <Link key={to} to={to} current={section === to}>
                {name}
              </Link>
            ))}
          </nav>
          <div className="tools">
            <span className="live" data-state={connection} role="status">
              {connection === 'live' ? 'Live' : connection === 'lost' ? 'Reconnecting' : 'Connecting'}
            </span>
            <ThemeButton />
            <button type="button" className="button plain" onClick={() => session.signOut()}>
              Sign out
            </button>
          </div>
        </div>
      </header>
      <main className="page" id="content">
        <Page path={path} change={change} now={now} />
      </main>
    </>
  );
}

function Page({ path, change, now }: { path: string; change: number; now: number }) {
  const [, section = '', id] = path.split('/');
  const name = id === undefined ? null : decodeURIComponent(id);
  if (section === '') return <DriftsPage change={change} now={now} />;
  if (section === 'drifts' && name) return <DriftPage id={name} change={change} now={now} />;
  if (section === 'workspaces' && name) return <WorkspacePage name={name} change={change} now={now} />;
  if (section === 'workspaces') return <WorkspacesPage change={change} now={now} />;
  if (section === 'gaps') return <GapsPage change={change} now={now} />;
  if (section === 'audit') return <AuditPage change={change} now={now} />;
  return <Empty title="There is no such page" />;
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

const THEME = 'driftmgr.theme';

function ThemeButton() {
  const [theme, setTheme] = useState(() => localStorage.getItem(THEME));
  useEffect(() => {
    if (theme) document.documentElement.dataset.theme = theme;
    else delete document.documentElement.dataset.theme;
  }, [theme]);
  const dark = theme ? theme === 'dark' : matchMedia('(prefers-color-scheme: dark)').matches;
  const turn = (): void => {
    const next = dark ? 'light' : 'dark';
    localStorage.setItem(THEME, next);
    setTheme(next);
  };
  return (
    <button
      type="button"
      className="button plain"
      onClick={turn}
      aria-label={`Use ${dark ? 'light' : 'dark'} colours`}
    >
      {dark ? '☀' : '☾'}
    </button>
  );
}
