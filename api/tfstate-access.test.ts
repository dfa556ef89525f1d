// Who gets at Terraform states through this server: every method asks for its scope and workspace before anything else.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { HttpBackend } from '../producers/terraform/index.ts';
import type { App } from './dependencies.ts';
import type { Harness } from './testing/harness.ts';
import { createHarness } from './testing/harness.ts';

const METHODS = ['GET', 'POST', 'DELETE', 'LOCK', 'UNLOCK'] as const;
const STATE = Buffer.from('{"version":4,"serial":1}');

let harness: Harness;
let app: App;
let url: string;
/** What reached the backend: `put prod by ci`. */
let reached: string[] = [];

/** Keeps nothing: these tests are about who may reach it. */
const backend: HttpBackend = {
  source: { name: 'terraform-http', run: async () => undefined },
  get: async (workspace) => {
    reached.push(`get ${workspace}`);
    return { bytes: STATE, md5: 'x' };
  },
  put: async (workspace, { bytes, by }) => {
    reached.push(`put ${workspace} by ${by}: ${bytes.length}`);
    return null;
  },
  remove: async (workspace, _lock, by) => {
    reached.push(`remove ${workspace} by ${by}`);
    return null;
  },
  lock: async (workspace) => {
    reached.push(`lock ${workspace}`);
    return { holder: '{"ID":"held"}' };
  },
  unlock: async (workspace) => {
    reached.push(`unlock ${workspace}`);
    return null;
  },
  refresh: async () => true,
};

beforeAll(async () => {
  harness = await createHarness();
  app = await harness.another({ httpBackend: backend });
  url = await app.listen({ port: 0, host: '127.0.0.1' });
});
afterAll(() => harness.close());

/** As Terraform asks: basic auth, any user, the key as password. */
async function ask(method: string, workspace: string, key: string | null): Promise<Response> {
  reached = [];
  const authorization = `Basic ${Buffer.from(`terraform:${key}`).toString('base64')}`;
  return fetch(`${url}/tfstate/${workspace}`, {
    method,
    headers: { ...(key === null ? {} : { authorization }), 'content-type': 'application/json' },
    ...(method === 'GET' || method === 'DELETE' ? {} : { body: STATE }),
  });
}

describe('the http backend behind the server', () => {
  it('answers 401 to every method without a key, and nothing is reached', async () => {
    for (const method of METHODS) {
      expect([method, (await ask(method, 'prod', null)).status]).toEqual([method, 401]);
      expect(reached).toEqual([]);
    }
  });

  it('shows a state to tfstate:read alone: neither read, nor tfstate:write, nor admin will do', async () => {
    for (const scope of ['read', 'tfstate:write', 'admin'] as const)
      expect([scope, (await ask('GET', 'prod', await harness.keyWith([scope]))).status]).toEqual([
        scope,
        403,
      ]);
    expect(reached).toEqual([]);
    const answer = await ask('GET', 'prod', await harness.keyWith(['tfstate:read']));
    expect([answer.status, await answer.text()]).toEqual([200, STATE.toString()]);
  });

  it('writes, locks and unlocks with tfstate:write, for the workspaces of the key, in the name of the key', async () => {
    const key = await harness.keyWith(['tfstate:write'], ['prod-*']);
    const statuses: [string, number][] = [];
    for (const method of METHODS.slice(1)) statuses.push([method, (await ask(method, 'prod-1', key)).status]);
    expect(statuses).toEqual([
      ['POST', 200],
      ['DELETE', 200],
      ['LOCK', 423],
      ['UNLOCK', 200],
    ]);
    await ask('POST', 'prod-1', key);
    expect(reached).toEqual([`put prod-1 by tfstate:write: ${STATE.length}`]);
    for (const method of METHODS.slice(1)) {
      expect([method, (await ask(method, 'dev', key)).status]).toEqual([method, 403]);
      expect(reached).toEqual([]);
    }
  });

  it('is not there where no backend is given', async () => {
    const answer = await harness.app.inject({ url: '/tfstate/prod' });
    expect(answer.statusCode).toBe(404);
  });
});
