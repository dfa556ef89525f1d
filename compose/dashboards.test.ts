// What Prometheus scrapes and warns of, and what Grafana shows, held to the metrics the code has.
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { componentMetrics, createMetrics } from '../runtime/telemetry.ts';
import { type ComposeFile, readYaml, root, textOf } from './testing/container-files.ts';

interface Panel {
  id: number;
  type: string;
  title?: string;
  description?: string;
  datasource?: { uid: string };
  gridPos: { x: number; y: number; w: number; h: number };
  fieldConfig?: { defaults: { unit?: string } };
  targets?: { expr: string; datasource: { uid: string } }[];
}

interface Dashboard {
  uid: string;
  title: string;
  links: { url: string }[];
  templating: { list: { name: string; query: { query: string }; datasource: { uid: string } }[] };
  panels: Panel[];
}

const services = (readYaml('compose/docker-compose.yml') as ComposeFile).services;
const dashboards = readdirSync(join(root, 'compose/grafana/dashboards')).map((name): [string, Dashboard] => [
  name,
  JSON.parse(textOf(`compose/grafana/dashboards/${name}`)) as Dashboard,
]);
const prometheus = readYaml('compose/prometheus/prometheus.yml') as {
  rule_files: string[];
  scrape_configs: {
    job_name: string;
    dns_sd_configs?: { names: string[]; type: string; port: number }[];
    authorization?: { credentials_file: string };
    relabel_configs?: { source_labels: string[]; target_label: string }[];
  }[];
};
const alerts = readYaml('compose/prometheus/alerts.yml') as {
  groups: {
    rules: {
      alert: string;
      expr: string;
      labels: { severity: string };
      annotations: Record<string, string>;
    }[];
  }[];
};
const metrics = knownMetrics();

describe('prometheus.yml', () => {
  const scrape = prometheus.scrape_configs.find(({ job_name }) => job_name === 'driftmgr')!;

  it('finds every process of every role, and says which role it has', () => {
    const [names] = scrape.dns_sd_configs!;
    expect(names).toMatchObject({ names: ['producers', 'processors', 'projections', 'api'], type: 'A' });
    for (const name of names!.names) {
      expect(services[name]!.command).toEqual(['run', name]);
      // Prometheus resolves the names in the one network both are in, so each process shows once.
      expect(services[name]!.networks!.filter((net) => services.prometheus!.networks!.includes(net))).toEqual(
        ['services'],
      );
    }
    expect(scrape.relabel_configs).toContainEqual({
      source_labels: ['__meta_dns_name'],
      target_label: 'role',
    });
  });

  it('reads its key and its rules where docker-compose.yml puts them', () => {
    const mounts = services.prometheus!.volumes!.map(({ target }) => target);
    for (const path of [scrape.authorization!.credentials_file, ...prometheus.rule_files])
      expect(
        mounts.some((mount) => path === mount || path.startsWith(`${mount}/`)),
        path,
      ).toBe(true);
    const made = services['metrics-key']!;
    expect(made.command!.join()).toContain('/key/metrics.key');
    expect(made.volumes).toContainEqual({ type: 'volume', source: 'metrics-key', target: '/key' });
  });
});

describe('alerts.yml', () => {
  const rules = alerts.groups.flatMap((group) => group.rules);

  it.each(rules.map((rule): [string, typeof rule] => [rule.alert, rule]))(
    '%s watches metrics that exist, and says what to do',
    (_name, rule) => {
      expectKnown(rule.expr);
      expect(['warning', 'critical']).toContain(rule.labels.severity);
      expect(rule.annotations.summary).toBeTruthy();
      expect(rule.annotations.description).toBeTruthy();
      // A label that the expression has aggregated away would be shown empty.
      const by = /\bby \(([^)]*)\)/.exec(rule.expr)?.[1]?.split(/,\s*/);
      for (const [, label] of Object.values(rule.annotations)
        .join(' ')
        .matchAll(/\$labels\.(\w+)/g))
        if (by) expect(by, `${rule.alert} shows ${label}`).toContain(label);
    },
  );
});

describe('Grafana', () => {
  const datasources = readYaml('compose/grafana/provisioning/datasources/prometheus.yml') as {
    datasources: { uid: string; url: string }[];
  };
  const providers = readYaml('compose/grafana/provisioning/dashboards/driftmgr.yml') as {
    providers: { options: { path: string } }[];
  };
  const uids = datasources.datasources.map(({ uid }) => uid);

  it('finds its datasource and its dashboards where docker-compose.yml puts them', () => {
    expect(datasources.datasources.map(({ url }) => url)).toEqual(['http://prometheus:9090']);
    const mounts = services.grafana!.volumes!.map(({ target }) => target);
    for (const { options } of providers.providers) expect(mounts).toContain(options.path);
    const home = services.grafana!.environment!.GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH!;
    expect(dashboards.map(([name]) => `/etc/grafana/dashboards/${name}`)).toContain(home);
  });

  it('has dashboards with ids of their own that lead to one another', () => {
    const ids = dashboards.map(([, { uid }]) => uid);
    expect(new Set(ids).size).toBe(ids.length);
    for (const [, { links }] of dashboards)
      for (const { url } of links) expect(ids.map((id) => `/d/${id}`)).toContain(url);
  });

  it.each(dashboards)(
    '%s: every panel has a title, a meaning, a unit and a datasource that is there',
    (_name, board) => {
      const shown = board.panels.filter(({ type }) => type !== 'row');
      expect(shown.length).toBeGreaterThan(5);
      expect(shown.length, 'a wall of graphs').toBeLessThan(20);
      for (const panel of shown) {
        expect(panel.title, `panel ${panel.id}`).toBeTruthy();
        expect(panel.description, panel.title).toBeTruthy();
        expect(panel.fieldConfig!.defaults.unit, panel.title).toBeTruthy();
        expect(uids, panel.title).toContain(panel.datasource!.uid);
        expect(panel.targets!.length, panel.title).toBeGreaterThan(0);
        for (const target of panel.targets!) expect(uids, panel.title).toContain(target.datasource.uid);
      }
      expect(new Set(board.panels.map(({ id }) => id)).size).toBe(board.panels.length);
    },
  );

  it.each(dashboards)('%s: no panel covers another, or leaves the page', (_name, { panels }) => {
    const cells = new Map<string, string>();
    for (const { title, gridPos } of panels)
      for (let x = gridPos.x; x < gridPos.x + gridPos.w; x++)
        for (let y = gridPos.y; y < gridPos.y + gridPos.h; y++) {
          expect(x).toBeLessThan(24);
          expect(cells.get(`${x}/${y}`), `${title} covers`).toBeUndefined();
          cells.set(`${x}/${y}`, title ?? '');
        }
  });

  it.each(dashboards)('%s: shows metrics and labels that exist, for the processes chosen', (_name, board) => {
    const variables = board.templating.list.map(({ name }) => name);
    expect(variables).toEqual(expect.arrayContaining(['role', 'instance']));
    for (const { query, datasource } of board.templating.list) {
      expect(uids).toContain(datasource.uid);
      expectKnown(query.query.replace(/^label_values\((.*), \w+\)$/, '$1'));
    }
    for (const { title, targets = [] } of board.panels)
      for (const { expr } of targets) {
        expectKnown(expr);
        for (const [, variable] of expr.matchAll(/\$(\w+)/g))
          if (variable !== '__rate_interval') expect(variables, title).toContain(variable);
        expect(expr, title).toContain('role=~"$role", instance=~"$instance"');
      }
  });
});

/** Every name that an expression reads is a metric of ours, with the labels it asks for. */
function expectKnown(expr: string): void {
  const read = [...expr.matchAll(/\b((?:driftmgr|process|nodejs)_\w+|up)(?:\{([^}]*)\})?/g)];
  expect(read.length, expr).toBeGreaterThan(0);
  for (const [, name, matchers = ''] of read) {
    const labels = metrics.get(name!);
    expect(labels, `${name} is no metric of ours: ${expr}`).toBeDefined();
    for (const [, label] of matchers.matchAll(/(\w+)\s*[=!]~?/g))
      expect(['job', 'instance', 'role', ...labels!], `${name} has no label ${label}`).toContain(label);
  }
}

/** Names as Prometheus stores them, with their labels: what telemetry registers, what the API does, and `up`. */
function knownMetrics(): Map<string, readonly string[]> {
  const registry = createMetrics();
  componentMetrics(registry, 'processor', 'any');
  const found = new Map<string, readonly string[]>([['up', []]]);
  const add = (name: string, labels: readonly string[], histogram: boolean): void => {
    if (!histogram) found.set(name, labels);
    else for (const part of ['bucket', 'sum', 'count']) found.set(`${name}_${part}`, [...labels, 'le']);
  };
  for (const { name } of registry.getMetricsAsArray()) {
    const metric = registry.getSingleMetric(name) as unknown as { labelNames: string[]; buckets?: number[] };
    add(name, metric.labelNames, metric.buckets !== undefined);
  }
  // The API's own are made with its server, which needs databases: here they are read where they are written.
  const source = textOf('api/server.ts');
  for (const [, type, name, labels] of source.matchAll(
    /new (Histogram|Counter|Gauge)\(\{\s*name: '(\w+)',[^}]*?(?:labelNames: \[([^\]]*)\]|\})/g,
  ))
    add(
      name!,
      [...(labels ?? '').matchAll(/'(\w+)'/g)].map((match) => match[1]!),
      type === 'Histogram',
    );
  return found;
}
