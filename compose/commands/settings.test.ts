// `up` and `run` read their settings alike: options before the environment, the environment before the file.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Command } from 'commander';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { Io } from '../../api/cli/io.ts';
import { temporaryFolder } from '../../runtime/testing/temporary-folder.ts';
import { runCommand } from './run.ts';
import { configurationFrom, type SettingOptions, withSettings } from './settings.ts';
import { upCommand } from './up.ts';

let folder: ReturnType<typeof temporaryFolder>;
let file: string;
beforeEach(() => {
  folder = temporaryFolder();
  file = join(folder.path, 'given.yaml');
  writeFileSync(file, 'host: 127.0.0.3\nport: 1003\ndata: from-file\n');
});
afterEach(() => folder.remove());

const ioOf = (environment: Record<string, string>): Io => ({ environment }) as unknown as Io;

function read(environment: Record<string, string>, ...given: string[]) {
  const command = withSettings(new Command('any'), 'where things are').parse(given, { from: 'user' });
  const { host, port, data } = configurationFrom(ioOf(environment), command.opts<SettingOptions>());
  return { host, port, data };
}

it('takes an option before the environment, and the environment before the file', () => {
  const environment = { DRIFTMGR_CONFIG: file, DRIFTMGR_PORT: '1002', DRIFTMGR_DATA: 'from-environment' };
  expect(read(environment, '--data', 'from-option')).toEqual({
    host: '127.0.0.3',
    port: 1002,
    data: 'from-option',
  });
});

it('takes the file that is named on the command line before the one of the environment', () => {
  expect(read({ DRIFTMGR_CONFIG: '/nowhere.yaml' }, '--config', file).port).toBe(1003);
});

it('refuses a port that is no number', () => {
  expect(() => read({}, '--port', 'eighty')).toThrow('port');
});

it('is what both commands offer', () => {
  for (const command of [upCommand(ioOf({})), runCommand(ioOf({}))])
    expect(
      command.options.map(({ long }) => long),
      command.name(),
    ).toEqual(expect.arrayContaining(['--config', '--data', '--host', '--port']));
});
