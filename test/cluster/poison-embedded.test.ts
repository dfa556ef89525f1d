// Poison in the log of the embedded mode: it goes to dead letters, its object is unknown, the rest flows on, and what can be
// read later is put back.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { temporaryFolder } from '../../runtime/testing/temporary-folder.ts';
import { type Started, startWhole } from '../testing/running.ts';
import { encodeAs, laterSchema } from './poison-schema.ts';
import { foreignOf, observationOf, poison } from './poison-story.ts';

const PARTITIONS = 2;
const LATER_ID = 900;
const folder = temporaryFolder();

describe('poison in the embedded log', { timeout: 60_000 }, () => {
  let system: Started;
  const start = () => startWhole(() => ({ 'detector.graceMs': 0 }), folder.path);
  const story = poison({
    url: () => system.url,
    key: () => system.key,
    client: () => system.client,
    codec: () => system.running.adapters.codec,
    partitions: PARTITIONS,
    append: (records) =>
      system.running.adapters.log.append(
        records.map(({ key, ...rest }) => ({ ...rest, key: key?.toString() ?? '' })),
      ),
  });
  beforeAll(async () => {
    system = await start();
    await story.begin(['a', 'b', 'c', 'd', 'e']);
  });
  afterAll(async () => {
    await system?.stop();
    folder.remove();
  });

  it('goes to dead letters, its object is unknown, and the rest flows on', async () => {
    await story.pour({ changed: 'a', declared: 'b', seen: 'c' });
    await story.expectPoisoned(['a', 'b', 'c'], ['d', 'e']);
    await story.expectFlowing('d');
  });

  it('what cannot be read is refused again when it is replayed', async () => {
    await story.expectRefusedAgain('a');
    await story.expectRefusedAgain('c');
  });

  it('what can be read later is put back, also when the process was started anew between', async () => {
    const later = laterSchema();
    const event = observationOf('e', { display_name: 'by hand' });
    const { log } = system.running.adapters;
    const { key, ...record } = foreignOf(
      event,
      encodeAs(LATER_ID, later, event),
      'driftmgr.observations',
      PARTITIONS,
    );
    await log.append([{ ...record, key: key!.toString() }]);
    await story.expectPoisoned(['e'], []);
    await system.stop();
    const file = join(system.data, 'registry.json');
    const known = JSON.parse(readFileSync(file, 'utf8')) as { schemas: object[] };
    known.schemas.push({
      id: LATER_ID,
      subject: 'driftmgr.observations-value',
      version: 2,
      schema: JSON.stringify(later),
    });
    writeFileSync(file, JSON.stringify(known));
    system = await start();
    // As before: what was refused is not read anew by itself.
    expect((await story.status('e', 'unknown', /could not be processed/)).drifts).toEqual([]);
    await story.expectPutBack('e');
  });
});
