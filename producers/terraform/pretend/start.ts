// Starts the pretend cloud and lays out its providers, for people: `node producers/terraform/pretend/start.ts DIRECTORY`.
import { existsSync, mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { KEYS } from './cloud/principals.ts';
import { startCloud } from './cloud/server.ts';
import { writeMirror, writeOverrides } from './launchers.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    port: { type: 'string', default: '8099' },
    'lag-ms': { type: 'string', default: '0' },
    'feed-delay-ms': { type: 'string', default: '0' },
  },
});
const [given] = positionals;
const numbers = [values.port, values['lag-ms'], values['feed-delay-ms']].map(Number);
if (given === undefined || !numbers.every((number) => Number.isInteger(number) && number >= 0)) {
  process.stderr.write('usage: start.ts DIRECTORY [--port 8099] [--lag-ms 0] [--feed-delay-ms 0]\n');
  process.exit(1);
}
const directory = resolve(given);
const trail = join(directory, 'trail');
if (!existsSync(trail)) mkdirSync(trail, { recursive: true });
const [port, lagMs, feedDelayMs] = numbers;
const cloud = await startCloud({ directory, trail, port, feedDelayMs, settings: { lagMs } });
const overrides = writeOverrides(join(directory, 'providers'));
const mirror = writeMirror(join(directory, 'mirror'));
process.stdout.write(`A cloud that is none, at ${cloud.url}; what it holds is in ${join(directory, 'cloud.json')}.
For Terraform:
  export TF_CLI_CONFIG_FILE=${overrides}     (no init; or ${mirror}, with one)
  export PRETEND_CLOUD_URL=${cloud.url} PRETEND_CLOUD_KEY=${KEYS.terraform}
For DriftMgr: aws.cloudtrail: [${trail}]
Behind Terraform's back, as alice in the console:
  curl -H 'x-access-key: ${KEYS.alice}' ${cloud.url}/resources
  curl -H 'x-access-key: ${KEYS.alice}' -X PATCH ${cloud.url}/resources/TYPE/ID -d '{"attributes":{"NAME":"VALUE"}}'
Keys: ${Object.entries(KEYS)
  .map(([who, key]) => `${who} ${key}`)
  .join(', ')}
`);
const stop = (): void => {
  cloud.close().then(
    () => process.exit(0),
    (error: Error) => {
      process.stderr.write(`the cloud did not end well: ${error.message}\n`);
      process.exit(1);
    },
  );
};
process.once('SIGINT', stop);
process.once('SIGTERM', stop);
