// S3: moto's server. It keeps objects in memory only, so its requests are recorded and told to it again at the next start.
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { BUCKET, portOf } from './layout.ts';
import { writesOf } from './recording.ts';
import { answers, type Server } from './server.ts';

export function s3(options: { portBase: number; folder: string; environment: string }): Server {
  const { folder, environment } = options;
  const port = portOf('s3', options.portBase);
  const url = `http://127.0.0.1:${port}`;
  const recording = join(folder, 'requests.jsonl');
  return {
    name: 's3',
    async prepare() {
      mkdirSync(folder, { recursive: true });
      if (!existsSync(recording)) return;
      writeFileSync(`${recording}.new`, writesOf(readFileSync(recording, 'utf8')));
      renameSync(`${recording}.new`, recording);
    },
    command: () => ({
      program: join(environment, 'bin', 'python'),
      args: [fileURLToPath(new URL('s3/serve.py', import.meta.url)), String(port), recording],
      environment: { PYTHONUNBUFFERED: '1', PYTHONDONTWRITEBYTECODE: '1' },
      folder,
    }),
    healthy: () => answers(`${url}/moto-api/data.json`),
    async finish() {
      if (await answers(`${url}/${BUCKET}`, { method: 'HEAD' })) return;
      if (!(await answers(`${url}/${BUCKET}`, { method: 'PUT' })))
        throw new Error(`the bucket ${BUCKET} could not be made`);
    },
  };
}
