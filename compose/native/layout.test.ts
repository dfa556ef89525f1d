import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import {
  controllerPort,
  environmentOf,
  PORTS,
  portOf,
  registryManagementPort,
  SERVERS,
  type Shape,
  serversOf,
  shellLines,
} from './layout.ts';

const ONE: Shape = { brokers: 1, portBase: 29_000, only: null, clickHouse: null };

describe('the layout of a native cluster', () => {
  it('gives every listener a port of its own, below the next cluster', () => {
    const ports = [
      ...SERVERS.map((name) => portOf(name, 29_000)),
      ...[1, 2, 3].map((broker) => controllerPort(broker, 29_000)),
      registryManagementPort(29_000),
    ];
    expect(new Set(ports).size).toBe(ports.length);
    for (const port of ports) expect(port >= 29_000 && port < 29_000 + PORTS, String(port)).toBe(true);
  });

  it('says how each server is reached', () => {
    expect(environmentOf(ONE)).toEqual({
      KAFKA_BROKERS: '127.0.0.1:29001',
      REGISTRY_URL: 'http://127.0.0.1:29020/apis/ccompat/v7',
      POSTGRES_URL: 'postgres://driftmgr@127.0.0.1:29030/driftmgr',
      CLICKHOUSE_URL: 'http://default@127.0.0.1:29050/driftmgr',
      REDIS_URL: 'redis://127.0.0.1:29040/0',
      S3_URL: 'http://driftmgr:native-cluster@127.0.0.1:29060/driftmgr',
    });
    expect(environmentOf({ ...ONE, brokers: 3 }).KAFKA_BROKERS).toBe(
      '127.0.0.1:29001,127.0.0.1:29002,127.0.0.1:29003',
    );
  });

  it('names no server that is not there', () => {
    expect(Object.keys(environmentOf({ ...ONE, only: ['kafka-1', 'redis'] }))).toEqual([
      'KAFKA_BROKERS',
      'REDIS_URL',
    ]);
  });

  it('leaves ClickHouse out when a server elsewhere is given', () => {
    const shape: Shape = { ...ONE, clickHouse: 'https://me:hidden@clickhouse:8443/x' };
    expect(serversOf(shape)).not.toContain('clickhouse');
    expect(environmentOf(shape).CLICKHOUSE_URL).toBe('https://me:hidden@clickhouse:8443/x');
  });

  it('a shell reads its lines as they were meant, whatever a value holds', () => {
    const value = `it's $HOME "\\" \`id\``;
    const said = spawnSync('sh', ['-c', `${shellLines({ VALUE: value })}printf %s "$VALUE"`], {
      encoding: 'utf8',
    });
    expect(said.stdout).toBe(value);
  });
});
