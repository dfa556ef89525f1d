// What the launchers start (launchers.ts): `node main.ts --provider aws [--schema FILE] [--version 6.20.0] [--protocol 6] [--lists]`.
import { parseArgs } from 'node:util';
import { providerNamed } from '../types/index.ts';
import { servePlugin } from './serve.ts';

const { values } = parseArgs({
  options: {
    provider: { type: 'string' },
    schema: { type: 'string' },
    version: { type: 'string' },
    protocol: { type: 'string' },
    lists: { type: 'boolean' },
  },
});
const type = providerNamed(values.provider ?? '', values.schema ?? null, values.version ?? null);
const protocol = values.protocol === '6' ? 6 : values.protocol === '5' ? 5 : type.protocol;
await servePlugin({ ...type, protocol }, process.env, { lists: values.lists ?? false });
