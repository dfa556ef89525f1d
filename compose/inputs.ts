// The units (sources, and the reactors that answer for them) a configuration asks for. Each is switched on by what it needs being configured.
import { randomBytes } from 'node:crypto';
import picomatch from 'picomatch';
import {
  cloudtrailFiles,
  configurationSource,
  createDecoder,
  createFileBackend,
  createHttpBackend,
  createRefreshReactor,
  digitaloceanSnapshots,
  reportedChanges,
  SWEEP_PROVIDER,
  stateClaims,
} from '../producers/index.ts';
import type { HttpBackend } from '../producers/terraform/index.ts';
import { hmacFingerprint } from '../runtime/blobs/keys.ts';
import type { Configuration } from '../runtime/config-schema.ts';
import type { Adapters } from './adapters.ts';
import { inSequence } from './in-sequence.ts';
import { createReading, type ReadingOptions } from './reading.ts';
import { rulesSource } from './rules-source.ts';
import { snapshotRefusals } from './snapshot-refusals.ts';
import type { Unit } from './units.ts';

/** The unit that takes Terraform's states. */
export const TERRAFORM = 'terraform';

export interface Inputs {
  units: Unit[];
  /** Null when sources read once: no one can push then. */
  httpBackend: HttpBackend | null;
  close(): Promise<void>;
}

/** `once`: every source reads what is there and ends. */
export function createInputs(
  configuration: Configuration,
  adapters: Pick<Adapters, 'blobs' | 'keys' | 'cache' | 'log' | 'codec'>,
  { once, ...running }: { once: boolean } & ReadingOptions,
): Inputs {
  const { terraform, aws, digitalocean, reported, detector } = configuration;
  const { blobs, keys } = adapters;
  const decoder = createDecoder({ hmacKey: keys.fingerprintKey });
  const owners = terraform.workspaces.map(({ name, owner }) => ({
    matches: picomatch(name, { bash: true, dot: true }),
    owner,
  }));
  const states = {
    blobs,
    decoder,
    bindings: terraform.bindings,
    ownerOf: (workspace: string): string | null =>
      owners.find(({ matches }) => matches(workspace))?.owner ?? null,
  };
  const claims = stateClaims({ once });
  const httpBackend = once ? null : createHttpBackend({ ...states, claims });
  // Also without paths: what was read from a file that is no longer configured is withdrawn.
  const files =
    once && terraform.states.length === 0
      ? null
      : createFileBackend({
          ...states,
          claims,
          paths: terraform.states,
          pollMs: terraform.pollMs,
          maxStateBytes: terraform.maxStateBytes,
          once,
          // Who reads a resource anew starts from the state's own words.
          keepOriginals: !once && terraform.readers.length > 0,
        });
  const cloudtrail =
    aws.cloudtrail.length === 0
      ? null
      : cloudtrailFiles({
          directories: aws.cloudtrail,
          oneShot: once,
          pipelines: aws.pipelines,
          applyIdentities: aws.applyIdentities,
          pollMs: aws.pollMs,
        });
  const reports =
    reported.directories.length === 0
      ? null
      : reportedChanges({
          directories: reported.directories,
          oneShot: once,
          pipelines: reported.pipelines,
          applyIdentities: reported.applyIdentities,
          pollMs: reported.pollMs,
        });
  const snapshots =
    digitalocean.token === undefined
      ? null
      : digitaloceanSnapshots({
          url: digitalocean.url,
          token: digitalocean.token,
          account: null,
          everyMs: once ? null : digitalocean.everyMs,
          hmac: (value: string) => hmacFingerprint(keys.fingerprintKey, value),
        });
  const configurations =
    terraform.configurations.length === 0
      ? null
      : configurationSource({
          configurations: terraform.configurations,
          everyMs: terraform.configurationEveryMs,
          once,
        });
  const [fileSource, snapshotSource] =
    once && files && snapshots
      ? inSequence(files.source, snapshots.source)
      : [files?.source ?? null, snapshots?.source ?? null];
  // What is read once has no one who would wait for an answer.
  const reading = once ? null : createReading(configuration, adapters, running);
  const listed = [...(snapshots ? ['digitalocean'] : []), ...(reading?.sweeps ? [SWEEP_PROVIDER] : [])];
  const backends = [httpBackend, files].filter((backend) => backend !== null);
  // What answers for a source runs beside it: both backends of states know what workspace the other has.
  const units: Unit[] = [
    {
      name: TERRAFORM,
      sources: [httpBackend?.source, fileSource].filter((source) => source != null),
      reactors: once ? [] : [createRefreshReactor(backends)],
    },
    { name: 'aws', sources: cloudtrail ? [cloudtrail] : [], reactors: [] },
    { name: 'reported', sources: reports ? [reports] : [], reactors: [] },
    {
      name: 'digitalocean',
      sources: snapshotSource ? [snapshotSource] : [],
      reactors: once || !snapshots ? [] : [snapshots.reactor],
    },
    {
      name: 'configuration',
      sources: [rulesSource(detector)],
      reactors: once ? [] : [snapshotRefusals(listed)],
    },
    { name: 'terraform-configuration', sources: configurations ? [configurations] : [], reactors: [] },
    ...(reading ? [reading.unit] : []),
  ];
  return {
    units,
    httpBackend,
    async close() {
      await reading?.close();
      await decoder.close();
    },
  };
}

/** A key that lives as long as the process: for scans, whose data is gone when they end. */
export const passingKey = (): string => randomBytes(32).toString('hex');
