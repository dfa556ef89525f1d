// The team chosen last: chosen again when the drifts are opened without one.
import { useEffect } from 'react';
import { setFilters } from './route.tsx';

const PLACE = 'driftmgr.team';

/** `inAddress` is what the address says; until it says something, the remembered team stands. */
export function useTeam(inAddress: string): { name: string; remember(team: string): void } {
  const name = inAddress || (localStorage.getItem(PLACE) ?? '');
  useEffect(() => {
    if (name !== inAddress) setFilters({ team: name });
  }, [name, inAddress]);
  return {
    name,
    remember(team) {
      if (team === '') localStorage.removeItem(PLACE);
      else localStorage.setItem(PLACE, team);
    },
  };
}
