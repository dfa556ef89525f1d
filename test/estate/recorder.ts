// Between Terraform and moto: hands every call on, and tells of those that wrote something, as CloudTrail would.
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Json, JsonObject } from '../../schemas/index.ts';
import { type Call, spelled } from './cloud.ts';

type Told = Pick<Call, 'service' | 'name' | 'parameters' | 'answered'>;

export interface Recorder {
  url: string;
  /** How many calls were told of. */
  told(): number;
  stop(): Promise<void>;
}

export async function recorder(moto: string, tell: (call: Told) => Promise<void>): Promise<Recorder> {
  let told = 0;
  const problems: Error[] = [];
  const server = createServer(async (request, response) => {
    try {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk as Buffer);
      const body = Buffer.concat(chunks);
      const { method = 'GET', url = '/', headers } = request;
      const { 'content-length': _, connection, ...passed } = headers;
      const answer = await fetch(`${moto}${url}`, {
        method,
        headers: passed as Record<string, string>,
        ...(body.length > 0 ? { body } : {}),
        redirect: 'manual',
      });
      const text = Buffer.from(await answer.arrayBuffer());
      const call = answer.ok ? callIn(method, url, headers, body.toString(), text.toString()) : null;
      if (call) {
        await tell(call);
        told++;
      }
      const back = Object.fromEntries(
        [...answer.headers].filter(
          ([name]) => !/^(content-encoding|transfer-encoding|connection)$/.test(name),
        ),
      );
      response.writeHead(answer.status, back).end(method === 'HEAD' ? undefined : text);
    } catch (error) {
      problems.push(error as Error);
      response.destroy();
    }
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    told: () => told,
    async stop() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
      if (problems.length > 0)
        throw new AggregateError(problems, 'the recorder could not hand on or tell of calls');
    },
  };
}

const READS = /^(Get|Describe|List|Head|BatchGet|Lookup)/;

function callIn(
  method: string,
  url: string,
  headers: IncomingHttpHeaders,
  body: string,
  answer: string,
): Told | null {
  const service = /Credential=[^/]+\/[^/]+\/[^/]+\/([^/]+)\//.exec(headers.authorization ?? '')?.[1];
  if (service === undefined) return null;
  if (service === 's3') return bucketCall(method, url);
  const target = headers['x-amz-target'];
  if (typeof target === 'string') {
    const name = target.slice(target.lastIndexOf('.') + 1);
    if (READS.test(name)) return null;
    return { service, name, parameters: jsonOf(body), answered: jsonOf(answer) };
  }
  const form = new URLSearchParams(body);
  const name = form.get('Action');
  if (name === null || READS.test(name)) return null;
  return { service, name, parameters: parametersOf(form), answered: xmlOf(answer) };
}

const jsonOf = (text: string): JsonObject => (text === '' ? {} : (spelled(JSON.parse(text)) as JsonObject));

/** What stands alone, and the resources that tags are for; lists are left out. */
function parametersOf(form: URLSearchParams): JsonObject {
  const tagged = [...form].filter(([name]) => /^ResourceId\.\d+$/.test(name));
  const scalars = [...form].filter(([name]) => /^[A-Z]\w*$/.test(name) && name !== 'Action');
  return {
    ...(spelled(Object.fromEntries(scalars)) as JsonObject),
    ...(tagged.length > 0
      ? { resourcesSet: { items: tagged.map(([, resourceId]) => ({ resourceId })) } }
      : {}),
  };
}

/** By what follows the question mark; the empty name is the bucket itself. */
const OF_BUCKETS: Readonly<Record<string, string>> = {
  '': 'Bucket',
  encryption: 'BucketEncryption',
  policy: 'BucketPolicy',
  publicAccessBlock: 'BucketPublicAccessBlock',
  tagging: 'BucketTagging',
  versioning: 'BucketVersioning',
};

function bucketCall(method: string, url: string): Told | null {
  const { pathname, searchParams } = new URL(url, 'http://bucket');
  const [, bucketName, ...key] = pathname.split('/');
  if ((method !== 'PUT' && method !== 'DELETE') || !bucketName || key.some((one) => one !== '')) return null;
  const about = Object.keys(OF_BUCKETS).find((name) => name !== '' && searchParams.has(name)) ?? '';
  const does = method === 'DELETE' ? 'Delete' : about === '' ? 'Create' : 'Put';
  return { service: 's3', name: `${does}${OF_BUCKETS[about]}`, parameters: { bucketName } };
}

/** Elements as members, in CloudTrail's form: first letters small, elements of lists under `items`. */
function xmlOf(text: string): JsonObject {
  const root: JsonObject = {};
  const open: { name: string; at: JsonObject; text: string }[] = [{ name: '', at: root, text: '' }];
  for (const [, closes, name, , alone, chars] of text.matchAll(
    /<(\/?)([\w.:]+)((?:\s[^>]*?)?)(\/?)>([^<]*)/g,
  )) {
    if (closes === '' && alone === '') open.push({ name: name!, at: {}, text: chars!.trim() });
    else if (closes !== '' && open.length > 1) {
      const { at, text: held } = open.pop()!;
      put(open.at(-1)!.at, name!, Object.keys(at).length > 0 ? at : held);
    }
  }
  // The answer itself is one element, in some services with a result inside.
  const [answer = {}] = Object.values(root);
  const members = answer as JsonObject;
  const result = Object.keys(members).find((name) => name.endsWith('Result'));
  return result === undefined ? members : ((members[result] || {}) as JsonObject);
}

function put(into: JsonObject, name: string, value: Json): void {
  if (name === 'item' || name === 'member') into.items = [...((into.items as Json[]) ?? []), value];
  else into[name[0]!.toLowerCase() + name.slice(1)] ??= value;
}
