// What every registry must do, as tests. Run by the adapters' test with a fresh registry each.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { RecordSchema } from '../../schemas/load.ts';
import { readSchema, SCHEMA_FILES } from '../../schemas/load.ts';
import type { CurrentSchemas, Registry } from './registry.ts';

export interface RegistryUnderTest {
  /** Opens the registry with these schemas as current; without, those in schemas/. The same data each time. */
  open(current?: CurrentSchemas): Promise<Registry>;
  /** True when what one `open` registered is there at the next. */
  keeps: boolean;
  /** True when one that is open can learn what another registers. */
  shared: boolean;
  dispose(): Promise<void>;
}

export const topic = 'driftmgr.timers';
const timers = (): RecordSchema => readSchema(SCHEMA_FILES[topic]);
const body = (schema: RecordSchema): RecordSchema =>
  (schema.fields.find(({ name }) => name === 'body')!.type as RecordSchema[])[0]!;

/** The timers' schema with a field more, which has a default or not. */
export function grown(name: string, withDefault: boolean): RecordSchema {
  const schema = timers();
  body(schema).fields.push({ name, type: ['null', 'string'], ...(withDefault ? { default: null } : {}) });
  return schema;
}

export function registryContract(adapter: string, given: () => Promise<RegistryUnderTest>): void {
  describe(`registry contract: ${adapter}`, () => {
    let under: RegistryUnderTest;
    beforeEach(async () => {
      under = await given();
    });
    afterEach(() => under.dispose());

    it('gives every topic an id of its own, and the schema of each id', async () => {
      const registry = await under.open();
      const topics = Object.keys(SCHEMA_FILES) as (keyof typeof SCHEMA_FILES)[];
      expect(new Set(topics.map((name) => registry.idOf(name))).size).toBe(topics.length);
      for (const name of topics)
        expect(JSON.parse(registry.schemaOf(registry.idOf(name))!)).toEqual(readSchema(SCHEMA_FILES[name]));
      expect(registry.schemaOf(999_999)).toBeUndefined();
    });

    it('gives the same ids when opened again, and keeps the schemas of earlier versions', async () => {
      if (!under.keeps) return;
      const before = (await under.open({ [topic]: timers() })).idOf(topic);
      expect((await under.open({ [topic]: timers() })).idOf(topic)).toBe(before);
      const registry = await under.open({ [topic]: grown('note', true) });
      expect(registry.idOf(topic)).not.toBe(before);
      expect(JSON.parse(registry.schemaOf(before)!)).toEqual(timers());
      // A process of the earlier version, started again, still finds both.
      const earlier = await under.open({ [topic]: timers() });
      expect(earlier.idOf(topic)).toBe(before);
      expect(earlier.schemaOf(registry.idOf(topic))).toBeDefined();
    });

    it('refuses a schema that cannot read what an earlier one wrote, says why, and registers nothing', async () => {
      if (!under.keeps) return;
      const first = await under.open({ [topic]: timers() });
      const incompatible = under.open({ [topic]: grown('note', false), 'driftmgr.other': timers() });
      await expect(incompatible).rejects.toMatchObject({ code: 'DM_SCHEMA_INCOMPATIBLE', retriable: false });
      await expect(incompatible).rejects.toThrow(/driftmgr\.timers.*version 1.*ClockDue.*note/s);
      expect((await under.open({ [topic]: timers() })).idOf(topic)).toBe(first.idOf(topic));
      expect((await under.open({ [topic]: timers() })).schemaOf(first.idOf(topic) + 1)).toBeUndefined();
    });

    it('compares with every earlier version, not only the newest', async () => {
      if (!under.keeps) return;
      await under.open({ [topic]: timers() });
      await under.open({ [topic]: grown('note', true) });
      // Reads the newest version, which has the field, but not the first, which lacks it.
      await expect(under.open({ [topic]: grown('note', false) })).rejects.toThrow(/version 1/);
    });

    it('what a newer process registers later is unknown until it is learnt, and then read', async () => {
      const older = await under.open({ [topic]: timers() });
      await older.learn(older.idOf(topic));
      if (under.shared) {
        const id = (await under.open({ [topic]: grown('note', true) })).idOf(topic);
        expect(older.schemaOf(id)).toBeUndefined();
        await Promise.all([older.learn(id), older.learn(id)]);
        expect(JSON.parse(older.schemaOf(id)!)).toEqual(grown('note', true));
        await older.learn(id);
      }
      await older.learn(2_000_000_000);
      expect(older.schemaOf(2_000_000_000)).toBeUndefined();
      expect(older.idOf(topic)).toBe(older.idOf(topic));
    });
  });
}
