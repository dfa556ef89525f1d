// Which server is made how. What it runs from is fetched when it is first needed, once.
import { join } from 'node:path';
import { clickHouse } from './clickhouse.ts';
import { debianPackages, kafkaJars, pythonEnvironment, registryFiles, type Say } from './downloads.ts';
import { broker } from './kafka.ts';
import type { ServerName, Shape } from './layout.ts';
import { postgres, postgresPackage } from './postgres.ts';
import { redis, redisPackage } from './redis.ts';
import { javaFor, registry } from './registry.ts';
import { s3 } from './s3.ts';
import type { Server } from './server.ts';

export type Parts = (name: ServerName) => Promise<Server>;

export function partsOf(options: {
  directory: string;
  shape: Shape;
  servers: readonly ServerName[];
  clusterId: string;
  say: Say;
}): Parts {
  const { directory, shape, servers, clusterId, say } = options;
  const { portBase } = shape;
  const jars = once(() => kafkaJars(say));
  const python = once(() => pythonEnvironment(say));
  const java = once(async () => javaFor(await python()));
  // In one go: apt lets in one at a time.
  const packages = once(() =>
    debianPackages(
      [
        ...(servers.includes('redis') ? [redisPackage] : []),
        ...(servers.includes('postgres') ? [postgresPackage] : []),
      ],
      say,
    ),
  );
  return async (name) => {
    const folder = join(directory, name);
    switch (name) {
      case 'registry': {
        const [files, program] = await Promise.all([registryFiles(say), java()]);
        return registry({ portBase, folder, files, java: program });
      }
      case 'postgres':
        await packages();
        return postgres({ portBase, folder });
      case 'redis':
        await packages();
        return redis({ portBase, folder });
      case 'clickhouse':
        return clickHouse({ portBase, folder });
      case 's3':
        return s3({ portBase, folder, environment: await python() });
      default: {
        const number = Number(name.slice('kafka-'.length));
        return broker({ shape, number, folder, clusterId, jars: await jars() });
      }
    }
  };
}

function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | null = null;
  return () => {
    made ??= make();
    return made;
  };
}
