// The container files, read and held to what is promised of them. No engine is needed: what only one can tell
// (that the image builds, that the servers start) is not tested here.
import { existsSync, readdirSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadConfiguration } from '../runtime/config.ts';
import {
  type ComposeFile,
  examples,
  interpolated,
  keptOut,
  readYaml,
  root,
  type Service,
  stages,
  textOf,
  variablesOf,
} from './testing/container-files.ts';

const ROLES = ['producers', 'processors', 'projections', 'api'];
const composeText = textOf('compose/docker-compose.yml');
const file = readYaml('compose/docker-compose.yml') as ComposeFile;
const services = Object.entries(file.services);
const roles = ROLES.map((role): [string, Service] => [role, file.services[role]!]);
const example = examples(textOf('compose/.env.example'));
const packageFile = JSON.parse(textOf('package.json')) as {
  version: string;
  dependencies: Record<string, string>;
};
/** Ends by itself, once. */
const isOnce = (service: Service): boolean => service.restart === 'no';

describe('docker-compose.yml', () => {
  it('runs the four roles as processes of one image, each waiting for the servers it needs', () => {
    for (const [role, service] of roles) {
      expect(service.command, role).toEqual(['run', role]);
      expect(service.image, role).toBe(`driftmgr:${packageFile.version}`);
      expect(service.build, role).toEqual({ context: '..', dockerfile: 'compose/Dockerfile' });
      expect(Object.keys(service.depends_on ?? {}).sort(), role).toEqual(
        ['clickhouse', 'kafka', 'postgres', 'redis', 'registry', 's3'].sort(),
      );
    }
  });

  it.each(services)('%s is pinned to an exact version', (_name, { image }) => {
    expect(image).toMatch(/^[a-z0-9./-]+:v?\d+\.\d+(\.\d+)*(-[a-z]+)?$/);
  });

  it.each(services)('%s has limits, gains no rights, is not root, and starts again', (name, service) => {
    expect(service.deploy?.resources?.limits, name).toMatchObject({
      cpus: expect.stringMatching(/^[\d.]+$/),
      memory: expect.stringMatching(/^\d+[mg]$/),
      pids: expect.any(Number),
    });
    expect(service.cap_drop).toEqual(['ALL']);
    expect(service.security_opt).toContain('no-new-privileges:true');
    expect(service.privileged ?? false).toBe(false);
    expect(isOnce(service) || service.restart === 'unless-stopped').toBe(true);
    // The one that gives a folder to another account has to be root, may do nothing else, and reaches nothing.
    if (name === 'bucket')
      expect(service).toMatchObject({ user: '0:0', cap_add: ['CHOWN'], network_mode: 'none' });
    else {
      expect(service.user).toMatch(/^([1-9]\d*:\d+|appuser)$/);
      expect(service.cap_add ?? []).toEqual([]);
    }
  });

  it('keeps the root file system read-only, but for the servers that write their configuration at start', () => {
    const writable = services.filter(([, service]) => !service.read_only).map(([name]) => name);
    expect(writable.sort()).toEqual(['clickhouse', 'kafka']);
  });

  it('publishes the API, Prometheus and Grafana alone, and on the loopback address alone', () => {
    const published = services.filter(([, service]) => service.ports);
    expect(published.map(([name]) => name).sort()).toEqual(['api', 'grafana', 'prometheus']);
    for (const [name, { ports }] of published)
      for (const port of ports!) expect(port, name).toMatch(/^127\.0\.0\.1:/);
  });

  it('keeps the servers in a network that leads nowhere, where only the roles reach them', () => {
    expect(file.networks.stores).toEqual({ internal: true });
    const others = [...ROLES, 'metrics-key', 'prometheus', 'grafana', 'bucket'];
    for (const [name, service] of services)
      if (!others.includes(name)) expect(service.networks, name).toEqual(['stores']);
    for (const name of ['metrics-key', 'prometheus', 'grafana'])
      expect(file.services[name]!.networks, name).toEqual(['services']);
  });

  it('knows of everything that runs whether it is healthy', () => {
    const image = stages(textOf('compose/Dockerfile')).at(-1)!;
    expect(image.some(({ name }) => name === 'HEALTHCHECK')).toBe(true);
    for (const [name, service] of services) {
      const own = (service.healthcheck?.test?.length ?? 0) > 1;
      const ofTheImage = service.build !== undefined && service.healthcheck === undefined;
      expect(own || ofTheImage || isOnce(service), name).toBe(true);
    }
  });

  it('waits for the health of what runs, and for the end of what runs once', () => {
    for (const [name, service] of services)
      for (const [other, { condition }] of Object.entries(service.depends_on ?? {})) {
        const target = file.services[other];
        expect(target, `${name} → ${other}`).toBeDefined();
        expect(condition, `${name} → ${other}`).toBe(
          isOnce(target!) ? 'service_completed_successfully' : 'service_healthy',
        );
      }
  });

  it('keeps what a server stores in a named volume, and mounts only files that are there', () => {
    const used = new Set<string>();
    for (const [name, service] of services)
      for (const volume of service.volumes ?? []) {
        if (volume.type === 'volume' && volume.source) used.add(volume.source);
        if (volume.type !== 'bind') continue;
        expect(volume.read_only, `${name}: ${volume.source}`).toBe(true);
        if (variablesOf(volume.source!).length === 0)
          expect(existsSync(join(root, 'compose', volume.source!)), `${name}: ${volume.source}`).toBe(true);
      }
    expect([...used].sort()).toEqual(Object.keys(file.volumes).sort());
    for (const server of ['kafka', 'postgres', 'clickhouse', 'redis', 's3', 'prometheus', 'grafana'])
      expect(
        file.services[server]!.volumes!.some(({ source }) => source === server),
        server,
      ).toBe(true);
  });

  it('lets the producers read: providers where they are looked for, room for them, and credentials for no one else', () => {
    const { producers, processors } = file.services;
    const mount = producers!.volumes!.find(({ source }) => source?.includes('PROVIDERS'))!;
    // A place where Terraform, and so we, look without being told: see producers/terraform/plugin/find.
    expect(['/usr/local/share', '/usr/share'].map((folder) => `${folder}/terraform/plugins`)).toContain(
      mount.target,
    );
    const memory = /^(\d+)g$/.exec(producers!.deploy!.resources!.limits!.memory!)!;
    const { providerBytes } = loadConfiguration({ environment: {} }).terraform;
    expect(Number(memory[1]) * 2 ** 30).toBeGreaterThan(providerBytes + 2 ** 30);
    for (const service of [producers!, processors!])
      expect(service.environment).toHaveProperty('DRIFTMGR_TERRAFORM_READERS');
    const withFile = services.filter(([, service]) => service.env_file !== undefined);
    expect(withFile.map(([name]) => name)).toEqual(['producers']);
    expect(keptOut(textOf('.gitignore'))('compose/readers.env')).toBe(true);
  });

  it('holds no secret: each comes from the environment, and compose refuses to start without it', () => {
    for (const [name, service] of services)
      for (const [variable, value] of Object.entries(service.environment ?? {})) {
        if (value === null) continue;
        const where = `${name}: ${variable}`;
        // Of an address with an account, the password; of what is named like a secret, the whole.
        const password = /:\/\/[^/@]*:([^/@]*(?:\{[^}]*\})?)@/.exec(value)?.[1];
        const secret = /PASSWORD|SECRET|AUTH$|_KEY(_ID)?$/.test(variable) ? value : password;
        if (secret !== undefined) expect(secret, where).toMatch(/^\$\{[A-Z0-9_]+:\?[^}]+\}$/);
      }
    expect(file.services.redis!.command).toContain(file.services.redis!.environment!.REDISCLI_AUTH);
  });
});

describe('.env.example', () => {
  it('names every variable that docker-compose.yml takes, and no other', () => {
    const passedOn = services.flatMap(([, { environment }]) =>
      Object.entries(environment ?? {}).flatMap(([name, value]) => (value === null ? [name] : [])),
    );
    const taken = new Set([...variablesOf(composeText).map(({ name }) => name), ...passedOn]);
    expect(example.map(({ name }) => name).sort()).toEqual([...taken].sort());
  });

  it('says of each what it is, leaves open what must be filled in, and gives no secret', () => {
    const required = new Set(
      variablesOf(composeText).flatMap(({ name, required: is }) => (is ? [name] : [])),
    );
    for (const { name, value, optional, meaning } of example) {
      expect(meaning.length, name).toBeGreaterThan(15);
      expect(optional, name).toBe(!required.has(name));
      if (!optional) expect(value, name).toBe('');
    }
  });

  it('is a configuration that every role accepts, filled in and with every example taken', () => {
    const values = Object.fromEntries(example.map(({ name, value }) => [name, value || 'x'.repeat(40)]));
    const inImage = Object.fromEntries(
      stages(textOf('compose/Dockerfile'))
        .at(-1)!
        .filter(({ name }) => name === 'ENV')
        .flatMap(({ text }) => text.split(/\s+/).map((pair) => pair.split('=') as [string, string])),
    );
    for (const [role, service] of roles) {
      const own = Object.entries(service.environment!).map(([name, value]): [string, string] => [
        name,
        value === null ? values[name]! : interpolated(value, values),
      ]);
      const configuration = loadConfiguration({ environment: { ...inImage, ...Object.fromEntries(own) } });
      expect(configuration, role).toMatchObject({ host: '0.0.0.0', port: 8080, data: '/data' });
      expect(configuration.kafka, role).toMatchObject({ brokers: ['kafka:9092'], replication: 1 });
      expect(configuration.terraform.workspaces, role).toHaveLength(1);
      expect(configuration.terraform.readers[0]?.environment, role).toEqual({
        AWS_ACCESS_KEY_ID: '$READER_KEY',
        AWS_SECRET_ACCESS_KEY: '$READER_SECRET',
      });
    }
  });

  it('a variable that is no setting would be noticed', () => {
    expect(() => loadConfiguration({ environment: { DRIFTMGR_KAFKA_BROKER: 'kafka:9092' } })).toThrow(
      /DRIFTMGR_KAFKA_BROKER/,
    );
  });
});

describe('Dockerfile', () => {
  const all = stages(textOf('compose/Dockerfile'));
  const last = all.at(-1)!;
  const ofLast = (name: string): string[] =>
    last.filter((instruction) => instruction.name === name).map(({ text }) => text);

  it('builds in stages from exact versions, and installs what the lock file says without what only tests need', () => {
    expect(all.length).toBeGreaterThan(1);
    const bases = all.map(([from]) => from!.text.split(' ')[0]!);
    for (const base of bases.filter((name) => name.includes(':'))) expect(base).toMatch(/:\d+\.\d+/);
    expect(bases.at(-1)).toMatch(/^debian:[\d.]+-slim$/);
    expect(all.flat().map(({ text }) => text)).toContainEqual(expect.stringMatching(/^npm ci --omit=dev/));
    expect(ofLast('RUN').join(' ')).not.toMatch(/\b(npm|apt-get|curl|wget)\b/);
  });

  it('ends as an account that is not root, with a health check, what it is, and signals that reach Node', () => {
    expect(ofLast('USER')).toEqual(['10001:10001']);
    expect(ofLast('HEALTHCHECK').join()).toContain('/healthz');
    expect(ofLast('ENTRYPOINT')).toEqual(['["node", "compose/driftmgr.ts"]']);
    expect(ofLast('CMD')).toEqual(['["up"]']);
    expect(ofLast('LABEL').join()).toContain('org.opencontainers.image.revision=');
    expect(ofLast('ARG')).toContain(`VERSION=${packageFile.version}`);
    expect(ofLast('ENV').join()).toContain('/app/node_modules/node/bin');
    expect(packageFile.dependencies).toHaveProperty('node');
  });

  it('holds every file that the command line loads, and every package, and none that only tests use', () => {
    const out = keptOut(textOf('.dockerignore'));
    const copied = ofLast('COPY').map((text) => text.split(' ').at(-2)!);
    const removed = all
      .flat()
      .flatMap(({ text }) => /npm uninstall (.*)$/.exec(text)?.[1]?.split(' ') ?? [])
      .filter((word) => !word.startsWith('--'));
    const { files, packages } = loadedFrom('compose/driftmgr.ts');
    expect(files.size).toBeGreaterThan(200);
    for (const path of files) {
      expect(out(path), `${path} is loaded, and .dockerignore keeps it out`).toBe(false);
      expect(copied, path).toContain(path.split('/')[0]);
    }
    for (const topic of readdirSync(join(root, 'schemas')).filter((name) => name.endsWith('.avsc')))
      expect(out(`schemas/${topic}`), topic).toBe(false);
    for (const name of packages) {
      expect(packageFile.dependencies, `${name} is loaded`).toHaveProperty(name);
      expect(removed, `${name} is loaded`).not.toContain(name);
    }
    expect(removed).toEqual(expect.arrayContaining(['vite', 'react']));
  });

  it('.dockerignore keeps out secrets, tests, and whatever is new', () => {
    const out = keptOut(textOf('.dockerignore'));
    for (const path of [
      'compose/.env',
      'compose/readers.env',
      'compose/providers/registry.terraform.io/hashicorp/aws/5.100.0/linux_amd64/LICENSE.txt',
      'data/admin.key',
      'compose/inputs/states/a.tfstate',
      '.git/config',
      '.driftmgr/admin.key',
      'node_modules/pg/package.json',
      'api/server.test.ts',
      'runtime/testing/clock.ts',
      'something-new/file.ts',
    ])
      expect(out(path), path).toBe(true);
    for (const path of ['package.json', 'web/main.tsx', 'schemas/versions/driftmgr.drifts/1.avsc'])
      expect(out(path), path).toBe(false);
  });
});

/** Every file below the entry, and every package one of them imports: imports, dynamic ones, and files named by URL. */
function loadedFrom(entry: string): { files: Set<string>; packages: Set<string> } {
  const files = new Set<string>();
  const packages = new Set<string>();
  const visit = (path: string): void => {
    if (files.has(path) || !existsSync(join(root, path))) return;
    files.add(path);
    const text = textOf(path);
    const specifiers = [
      ...text.matchAll(/(?:^|\n)(?:import|export)\s+(?!type\b)[^;]*?from\s+'([^']+)'/g),
      ...text.matchAll(/import\('([^']+)'\)/g),
      ...text.matchAll(/new URL\('(\.[^']+\.ts)', import\.meta\.url\)/g),
    ].map((match) => match[1]!);
    for (const specifier of specifiers) {
      if (specifier.startsWith('.')) visit(normalize(join(dirname(path), specifier)));
      else if (!specifier.startsWith('node:'))
        packages.add(
          specifier
            .split('/')
            .slice(0, specifier.startsWith('@') ? 2 : 1)
            .join('/'),
        );
    }
  };
  visit(entry);
  return { files, packages };
}
