// Every edit there is, and which instances of an estate each is made on.
import type { Mutation } from '../mutation.ts';
import type { Stated } from '../stated.ts';
import { COMPUTE } from './compute.ts';
import { EDGE } from './edge.ts';
import { IDENTITY } from './identity.ts';
import { MESSAGING } from './messaging.ts';
import { NETWORK } from './network.ts';
import { OPERATIONS } from './operations.ts';
import { STORAGE } from './storage.ts';

export const MUTATIONS: readonly Mutation[] = [
  ...NETWORK,
  ...STORAGE,
  ...IDENTITY,
  ...MESSAGING,
  ...COMPUTE,
  ...EDGE,
  ...OPERATIONS,
];

export interface Planned {
  instance: Stated;
  mutation: Mutation;
}

/** Each edit on every instance it fits. */
export const plannedFor = (instances: readonly Stated[]): Planned[] =>
  MUTATIONS.flatMap((mutation) =>
    instances
      .filter(({ type, attributes, address }) => type === mutation.type && mutation.fits(attributes, address))
      .map((instance) => ({ instance, mutation })),
  );
