// Limits hold over all processes that serve the system: whoever goes to another one gets no new attempts.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createMemoryCache } from '../runtime/cache/memory-cache.ts';
import type { App } from './dependencies.ts';
import { makeKey } from './keys.ts';
import type { Harness } from './testing/harness.ts';
import { createHarness } from './testing/harness.ts';

let harness: Harness;
let admin: string;
beforeAll(async () => {
  harness = await createHarness();
  admin = await harness.keyWith(['admin']);
});
afterAll(() => harness.close());

async function two(changed: Parameters<Harness['another']>[0] = {}): Promise<[App, App]> {
  const cache = createMemoryCache();
  return [await harness.another({ cache, ...changed }), await harness.another({ cache, ...changed })];
}
const ask = (app: App, key: string, remoteAddress = '203.0.113.9') =>
  app.inject({ url: '/api/v1/system/topology', headers: { authorization: `Bearer ${key}` }, remoteAddress });
const status = async (...asked: Parameters<typeof ask>): Promise<number> => (await ask(...asked)).statusCode;

describe('two processes', () => {
  it('count the requests of an address together, and say when to come again', async () => {
    const [one, other] = await two({ limits: { requestsPerMinute: 4 } });
    const statuses: number[] = [];
    for (const app of [one, other, one, other, one, other]) statuses.push(await status(app, admin));
    expect(statuses).toEqual([200, 200, 200, 200, 429, 429]);
    const refused = await ask(other, admin);
    expect(Number(refused.headers['retry-after'])).toBeGreaterThan(0);
    expect(await status(other, admin, '203.0.113.10')).toBe(200);
  });

  it('count attempts with a credential that is not valid together', async () => {
    const [one, other] = await two();
    const wrong = makeKey();
    for (let n = 0; n < 10; n++) expect(await status(n % 2 ? one : other, wrong)).toBe(401);
    for (const app of [one, other]) {
      const refused = await ask(app, wrong, '198.51.100.1');
      expect([refused.statusCode, refused.headers['retry-after']]).toEqual([429, '60']);
    }
  });

  it('count guesses from an address together, and look nothing up for more; a key that was right before goes on', async () => {
    let looked = 0;
    const keys: Harness['keys'] = {
      ...harness.keys,
      verify: (text) => {
        looked++;
        return harness.keys.verify(text);
      },
    };
    const [one, other] = await two({ keys });
    expect(await status(one, admin)).toBe(200);
    for (let n = 0; n < 100; n++) expect(await status(n % 2 ? one : other, makeKey())).toBe(401);
    looked = 0;
    const unused = await harness.keyWith(['read']);
    for (const app of [one, other]) {
      expect(await status(app, makeKey())).toBe(429);
      // It is right, but to know that it would have to be looked up.
      expect(await status(app, unused)).toBe(429);
    }
    expect(looked).toBe(0);
    expect(await status(one, admin)).toBe(200);
    expect(await status(one, unused, '203.0.113.10')).toBe(200);
  });

  it('take the addresses of one IPv6 network for one caller', async () => {
    const [one, other] = await two();
    for (let n = 0; n < 100; n++)
      expect(await status(n % 2 ? one : other, makeKey(), `2001:db8::${n.toString(16)}`)).toBe(401);
    expect(await status(other, makeKey(), '2001:db8::ffff')).toBe(429);
    expect(await status(other, makeKey(), '2001:db8:0:1::1')).toBe(401);
  });
});
