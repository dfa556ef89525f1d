// The http backend against the real terraform (or tofu) binary: every command, seen as the events it leaves.
import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fastify from 'fastify';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { problemOf } from '../api/problems.ts';
import { tfstateRoutes } from '../api/routes/tfstate.ts';
import { type Claims, createClaims } from '../producers/terraform/backends/claims.ts';
import type { HttpBackend } from '../producers/terraform/backends/http.ts';
import { createHttpBackend } from '../producers/terraform/backends/http.ts';
import { createDecoder, type Decoder } from '../producers/terraform/decoder.ts';
import { createRecording, type Recording } from '../producers/terraform/testing/recording.ts';
import { DriftError } from '../runtime/errors.ts';
import { findTerraform, type Terraform, terraformIn } from './testing/terraform.ts';

const binary = findTerraform();
const KEY = 'key-of-the-test';
const SECRET = 'hunter2-hunter2-hunter2';

describe.runIf(binary !== null)(`the http backend with ${binary}`, () => {
  let decoder: Decoder;
  let recording: Recording;
  let claims: Claims;
  let backend: HttpBackend;
  let running: { done: Promise<void>; stop(): Promise<void> };
  let app: ReturnType<typeof fastify>;
  let folder: string;
  let address: string;
  let terraform: Terraform;

  beforeAll(() => {
    decoder = createDecoder({ hmacKey: randomBytes(32) });
  });
  afterAll(() => decoder.close());

  beforeEach(async () => {
    recording = createRecording();
    claims = createClaims(['terraform-http']);
    backend = createHttpBackend({ blobs: recording.blobs, decoder, claims });
    running = recording.start(backend.source);
    app = await serve();
    address = `http://127.0.0.1:${(app.server.address() as AddressInfo).port}/tfstate/prod`;
    folder = mkdtempSync(join(tmpdir(), 'driftmgr-terraform-'));
    terraform = terraformIn(folder, { binary: binary!, address, key: KEY, variables: {} });
    terraform.configure(RESOURCES);
    await terraform.run('init', '-input=false');
    recording.forget();
  });
  afterEach(async () => {
    terraform.kill();
    await app.close();
    await running.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  async function serve(): Promise<ReturnType<typeof fastify>> {
    const server = fastify();
    server.setErrorHandler((error, request, reply) => {
      const problem = problemOf(error, { path: request.url, correlationId: request.id });
      return reply.code(problem.status).send(problem);
    });
    await server.register(tfstateRoutes, {
      backend,
      maxStateBytes: 1 << 20,
      authorize: async (request) => {
        const [, password] = Buffer.from(request.headers.authorization?.slice(6) ?? '', 'base64')
          .toString()
          .split(':');
        if (password !== KEY)
          throw new DriftError('who is it', { code: 'DM_UNAUTHENTICATED', retriable: false });
        return { name: 'tester' };
      },
    });
    await server.listen({ port: 0, host: '127.0.0.1' });
    return server;
  }

  const RESOURCES = `
    variable "secret" {
      type      = string
      sensitive = true
      default   = "${SECRET}"
    }
    resource "terraform_data" "one" {
      input = { password = var.secret, size = 1 }
    }
    resource "terraform_data" "copy" {
      input = "dsn is \${base64encode("user:\${nonsensitive(var.secret)}")}"
    }
    resource "terraform_data" "each" {
      for_each = toset(["a", "q\\"uo\\\\te", "d$\${x}"])
      input    = each.key
    }
    resource "terraform_data" "many" {
      count = 2
      input = "v"
    }`;

  const apply = (...args: string[]): Promise<string> => terraform.run('apply', '-auto-approve', ...args);
  const types = (): string[] => recording.events().map((event) => event.type);
  const boundaries = () => recording.of('state.published');

  it('an apply is a run whose state is declared before it ends, under the addresses terraform prints', async () => {
    await apply();
    expect(types()).toEqual([
      'run.started',
      ...Array.from({ length: 7 }, () => 'resource.declared'),
      'state.published',
      'run.finished',
    ]);
    const declared = recording.of('resource.declared');
    const listed = (await terraform.run('state', 'list')).trim().split('\n').sort();
    expect(declared.map((each) => each.address).sort()).toEqual(listed);
    const [started] = recording.of('run.started');
    expect(started).toMatchObject({ workspace: 'prod', operation: 'OperationTypeApply' });
    expect(boundaries()).toMatchObject([
      { serial: 1, kind: 'write', instances: 7, runId: started!.runId, pushed: true, backend: 'http' },
    ]);
    expect(boundaries()[0]!.writtenBy).toContain('@');
  });

  it('a sensitive value and its computed copies are in no event and no progress', async () => {
    await apply();
    const said = JSON.stringify([recording.events(), [...recording.progress]]);
    for (const form of [SECRET, Buffer.from(`user:${SECRET}`).toString('base64')])
      expect(said).not.toContain(form);
    const one = recording.of('resource.declared').find((each) => each.address === 'terraform_data.one')!;
    const attributes = JSON.parse(one.attributes) as Record<string, Record<string, unknown>>;
    expect(attributes.input).toMatchObject({ size: 1, password: { $secret: expect.any(String) } });
    expect(attributes.output).toMatchObject({ size: 1, password: attributes.input!.password });
  });

  it('planning opens no run and publishes nothing', async () => {
    await apply();
    recording.forget();
    await terraform.run('plan', '-input=false');
    await terraform.run('plan', '-refresh-only', '-input=false');
    expect(types()).toEqual([]);
  });

  it('an apply that changes one thing publishes one declaration', async () => {
    await apply();
    recording.forget();
    terraform.configure(RESOURCES.replace('size = 1', 'size = 2'));
    await apply();
    expect(types()).toEqual(['run.started', 'resource.declared', 'state.published', 'run.finished']);
    expect(boundaries()[0]).toMatchObject({ serial: 2, previousSerial: 1, kind: 'write' });
  });

  it('apply -refresh-only without a change is a run that writes nothing', async () => {
    await apply();
    recording.forget();
    await apply('-refresh-only');
    expect(types()).toEqual(['run.started', 'run.finished']);
  });

  it('a failing apply publishes what it did achieve, inside its run', async () => {
    await apply();
    recording.forget();
    terraform.configure(
      `${RESOURCES}
      resource "terraform_data" "fine" { input = "x" }
      resource "terraform_data" "fails" {
        depends_on = [terraform_data.fine]
        provisioner "local-exec" { command = "exit 3" }
      }`.replaceAll(/\{ (input|command) = ([^}]*) \}/g, '{\n$1 = $2\n}'),
    );
    const { code } = await terraform.attempt('apply', '-auto-approve', '-input=false');
    expect(code).toBe(1);
    expect(types().at(0)).toBe('run.started');
    expect(types().slice(-2)).toEqual(['state.published', 'run.finished']);
    const tainted = recording.of('resource.declared').find((each) => each.address === 'terraform_data.fails');
    expect(tainted).toMatchObject({ tainted: true });
  });

  it('state mv is a move, state rm a withdrawal, import a declaration, each in a run of its own', async () => {
    await apply();
    recording.forget();
    await terraform.run('state', 'mv', 'terraform_data.one', 'terraform_data.uno');
    expect(types()).toEqual([
      'run.started',
      'resource.declared',
      'resource.withdrawn',
      'state.published',
      'run.finished',
    ]);
    expect(recording.of('resource.declared')[0]).toMatchObject({
      address: 'terraform_data.uno',
      previousAddress: 'terraform_data.one',
    });
    expect(recording.of('resource.withdrawn')[0]).toMatchObject({
      address: 'terraform_data.one',
      reason: 'moved',
    });
    recording.forget();
    await terraform.run('state', 'rm', 'terraform_data.uno');
    expect(types()).toEqual(['run.started', 'resource.withdrawn', 'state.published', 'run.finished']);
    expect(recording.of('resource.withdrawn')[0]).toMatchObject({ reason: 'removed' });
    recording.forget();
    await terraform.run('import', '-input=false', 'terraform_data.one', 'some-id');
    expect(types()).toEqual(['run.started', 'resource.declared', 'state.published', 'run.finished']);
    expect(recording.of('resource.declared')[0]).toMatchObject({ resourceId: 'some-id' });
  });

  it('taint marks the instance', async () => {
    await apply();
    recording.forget();
    await terraform.run('taint', 'terraform_data.many[1]');
    expect(recording.of('resource.declared')).toMatchObject([
      { address: 'terraform_data.many[1]', tainted: true },
    ]);
  });

  it('destroy withdraws everything and leaves an empty state', async () => {
    await apply();
    recording.forget();
    await terraform.run('destroy', '-auto-approve', '-input=false');
    expect(recording.of('resource.withdrawn')).toHaveLength(7);
    expect(boundaries().at(-1)).toMatchObject({ instances: 0, kind: 'write' });
    expect((await backend.get('prod'))?.bytes.toString()).toContain('"resources": []');
  });

  it('a second terraform is refused while the first holds the lock, and force-unlock breaks it', async () => {
    await apply();
    terraform.configure(
      `${RESOURCES}
      resource "terraform_data" "slow" {
        provisioner "local-exec" {
          command = "touch started; while [ ! -e go ]; do sleep 0.05; done"
        }
      }`,
    );
    recording.forget();
    const first = terraform.attempt('apply', '-auto-approve', '-input=false');
    await until(() => exists(join(folder, 'started')));
    const second = await terraform.attempt('apply', '-auto-approve', '-input=false', '-no-color');
    expect(second.code).toBe(1);
    expect(second.output).toContain('already locked');
    const { runId } = recording.of('run.started')[0]!;
    expect(second.output).toContain(`ID=${runId}`);
    await terraform.run('force-unlock', '-force', runId);
    expect(recording.of('run.finished')).toMatchObject([{ runId, forced: true }]);
    // The lock is gone, nobody wrote meanwhile: what the first achieved is still taken, so that nothing is lost.
    writeFileSync(join(folder, 'go'), '');
    await first;
    expect(boundaries().at(-1)).toMatchObject({ serial: 2, runId: null });
  });

  it('a workspace that is read from a state file is refused before anything is applied, and terraform says why', async () => {
    claims.take('terraform-file', 'prod');
    const { code, output } = await terraform.attempt('apply', '-auto-approve', '-input=false', '-no-color');
    expect(code).toBe(1);
    expect(output.replaceAll(/[\s│]+/g, ' ')).toContain(
      'ID=The workspace prod is read from a state file, and one workspace has one state. Take that file out',
    );
    const unlocked = await terraform.attempt(
      'apply',
      '-auto-approve',
      '-input=false',
      '-no-color',
      '-lock=false',
    );
    expect(unlocked.output).toContain('409');
    expect(types()).toEqual([]);
  });

  it('a push with -force back to an older serial is recorded as a rollback', async () => {
    await apply();
    const old = await terraform.run('state', 'pull');
    terraform.configure(RESOURCES.replace('size = 1', 'size = 2'));
    await apply();
    recording.forget();
    mkdirSync(join(folder, 'backup'));
    writeFileSync(join(folder, 'backup', 'old.json'), old);
    const plain = await terraform.attempt('state', 'push', 'backup/old.json');
    expect(plain.code).toBe(1);
    expect(boundaries()).toEqual([]);
    await terraform.run('state', 'push', '-force', 'backup/old.json');
    // Terraform counts on from the serial it was given.
    expect(boundaries()).toMatchObject([{ kind: 'rollback', serial: 2, previousSerial: 2 }]);
    expect(recording.of('resource.declared')).toHaveLength(1);
  });

  it('locks and states outlive a restart', async () => {
    await apply();
    await backend.lock('prod', Buffer.from('{"ID":"held","Operation":"OperationTypeApply","Who":"me@here"}'));
    await running.stop();
    const { code, output } = await terraform.attempt('plan', '-input=false');
    expect(code, output).toBe(1);
    running = recording.start(backend.source);
    const refused = await terraform.attempt('plan', '-input=false', '-no-color');
    expect(refused.output).toContain('already locked');
    await terraform.run('plan', '-input=false', '-lock=false', '-detailed-exitcode');
  });

  it('the wrong key gets nothing', async () => {
    terraform.configure(RESOURCES);
    const main = join(folder, 'main.tf');
    writeFileSync(main, readFileSync(main, 'utf8').replace(KEY, 'wrong-key'));
    const { code, output } = await terraform.attempt('init', '-reconfigure', '-input=false', '-no-color');
    expect(code).toBe(1);
    expect(output).toMatch(/invalid credentials|requires auth|unauthorized/i);
  });
});

const exists = (path: string): boolean => {
  try {
    readFileSync(path);
    return true;
  } catch {
    return false;
  }
};

async function until(condition: () => boolean): Promise<void> {
  for (let i = 0; i < 400; i++) {
    if (condition()) return;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  throw new Error('waited in vain');
}
