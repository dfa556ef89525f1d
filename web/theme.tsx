// Light or dark: the system's choice until a person turns it here. Set before the first paint, so that nothing flashes.
import { useState } from 'react';

type Theme = 'light' | 'dark';
const PLACE = 'driftmgr.theme';

const ofSystem = (): Theme => (matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light');
const stored = (): Theme | null => {
  const theme = localStorage.getItem(PLACE);
  return theme === 'light' || theme === 'dark' ? theme : null;
};

export function applyTheme(): void {
  const theme = stored();
  if (theme) document.documentElement.dataset.theme = theme;
  else delete document.documentElement.dataset.theme;
}

export function ThemeButton() {
  const [theme, setTheme] = useState<Theme>(() => stored() ?? ofSystem());
  const next = theme === 'dark' ? 'light' : 'dark';
  const turn = (): void => {
    // Turned to what the system wants anyway: follow the system again.
    if (next === ofSystem()) localStorage.removeItem(PLACE);
    else localStorage.setItem(PLACE, next);
    applyTheme();
    setTheme(next);
  };
  return (
    <button type="button" className="button plain icon" onClick={turn} aria-label={`Use ${next} colours`}>
      <svg viewBox="0 0 20 20" width="18" height="18" aria-hidden="true" fill="currentColor">
        {next === 'light' ? (
          <path d="M10 6a4 4 0 1 0 0 8 4 4 0 0 0 0-8Zm-1-5h2v3H9V1Zm0 15h2v3H9v-3Zm7-7h3v2h-3V9ZM1 9h3v2H1V9Zm13.6-5 1.4 1.4-2.1 2.1-1.4-1.4L14.6 4ZM6.1 12.5l1.4 1.4L5.4 16 4 14.6l2.1-2.1ZM5.4 4l2.1 2.1-1.4 1.4L4 5.4 5.4 4Zm7.1 9.9 1.4-1.4L16 14.6 14.6 16l-2.1-2.1Z" />
        ) : (
          <path d="M16.8 12.3A7.5 7.5 0 0 1 7.7 3.2a.6.6 0 0 0-.8-.7 8.3 8.3 0 1 0 10.6 10.6.6.6 0 0 0-.7-.8Z" />
        )}
      </svg>
    </button>
  );
}
