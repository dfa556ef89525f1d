// S3: moto's server, with what changed it recorded, so that it finds its objects again (s3/serve.py).
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { BUCKET, portOf } from './layout.ts';
import { answers, type Server } from './server.ts';

export function s3(options: { portBase: number; folder: string; environment: string }): Server {
  const { folder, environment } = options;
  const port = portOf('s3', options.portBase);
  const bucket = `http://127.0.0.1:${port}/${BUCKET}`;
  return {
    name: 's3',
    async prepare() {
      mkdirSync(folder, { recursive: true });
    },
    command: () => ({
      program: join(environment, 'bin', 'python'),
      args: [
        fileURLToPath(new URL('s3/serve.py', import.meta.url)),
        String(port),
        join(folder, 'recording.jsonl'),
      ],
      environment: { PYTHONUNBUFFERED: '1', PYTHONDONTWRITEBYTECODE: '1' },
      folder,
    }),
    healthy: () => answers(`http://127.0.0.1:${port}/`),
    async finish() {
      if (await answers(bucket, { method: 'HEAD' }, 30_000)) return;
      if (!(await answers(bucket, { method: 'PUT' }, 30_000)))
        throw new Error(`the bucket ${BUCKET} could not be made`);
    },
  };
}
