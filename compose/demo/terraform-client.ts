// Speaks to the http backend as Terraform does: LOCK, POST with the lock's id, UNLOCK. For the demo and benches.
import { createHash, randomUUID } from 'node:crypto';
import type { JsonObject } from '../../schemas/index.ts';

export interface TerraformClientOptions {
  /** Base URL of DriftMgr. */
  url: string;
  key: string;
  who: string;
}

export function createTerraformClient({ url, key, who }: TerraformClientOptions) {
  const authorization = `Basic ${Buffer.from(`terraform:${key}`).toString('base64')}`;

  async function send(method: string, path: string, body: string | null): Promise<void> {
    const headers: Record<string, string> = { authorization };
    if (body !== null) {
      headers['content-type'] = 'application/json';
      headers['content-md5'] = createHash('md5').update(body).digest('base64');
    }
    const response = await fetch(`${url}/tfstate/${path}`, { method, headers, body });
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
  }

  /** Holds the lock while the work goes on. */
  async function underLock(workspace: string, work: (lockId: string) => Promise<void>): Promise<void> {
    const lock = {
      ID: randomUUID(),
      Operation: 'OperationTypeApply',
      Info: '',
      Who: who,
      Version: '1.11.4',
      Created: new Date().toISOString(),
      Path: '',
    };
    await send('LOCK', workspace, JSON.stringify(lock));
    await work(lock.ID);
    await send('UNLOCK', workspace, JSON.stringify(lock));
  }

  /** One apply, or anything else that holds the lock and writes a state. `during` runs while the lock is held. */
  const apply = (workspace: string, state: JsonObject, during?: () => void | Promise<void>): Promise<void> =>
    underLock(workspace, async (lockId) => {
      await during?.();
      await send('POST', `${workspace}?ID=${lockId}`, JSON.stringify(state));
    });

  return { apply, underLock };
}
