// An address that cannot be listened on, and what to do.
import type { Configuration } from '../runtime/config-schema.ts';
import { DriftError } from '../runtime/errors.ts';

export const cannotListen = (
  { host, port }: Pick<Configuration, 'host' | 'port'>,
  cause: unknown,
): DriftError =>
  new DriftError(`cannot listen on ${host}:${port}`, {
    code: 'DM_CONFIG_INVALID',
    retriable: false,
    cause,
    public: `Cannot listen on ${host} port ${port}: ${cause instanceof Error ? cause.message : 'unknown reason'}. Set port (DRIFTMGR_PORT) to a free one.`,
  });
