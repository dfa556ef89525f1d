// Runs the keyed-state contract on every adapter.
import { stateContract } from './contract.ts';
import { createMemoryStates } from './memory-states.ts';

stateContract('memory', async () => {
  const stores = createMemoryStates();
  return { stores, reopen: null, dispose: () => stores.close() };
});
