// biome-ignore-all lint/suspicious/noTemplateCurlyInString: interpolations of HCL look like those of JavaScript.
// Configurations read from folders: what blocks set, where providers point, what is unknown and why, what is never read.
import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { temporaryFolder } from '../../../runtime/testing/temporary-folder.ts';
import { looksSame } from './folder.ts';
import { type ReadLimits, type ReadOptions, readConfiguration } from './read.ts';

let folder: ReturnType<typeof temporaryFolder>;
beforeEach(() => {
  folder = temporaryFolder();
});
afterEach(() => folder.remove());

/** Files by path, below the temporary folder. */
function write(files: Record<string, string>): void {
  for (const [path, text] of Object.entries(files)) {
    const at = join(folder.path, path);
    mkdirSync(dirname(at), { recursive: true });
    writeFileSync(at, text);
  }
}
const read = async (options: Partial<ReadOptions> = {}) =>
  (await readConfiguration({ directory: folder.path, ...options })).configuration;
const readMain = async (text: string) => {
  write({ 'main.tf': text });
  return read();
};
const blockOf = async (text: string) => (await readMain(`resource "t_x" "y" {\n${text}\n}`)).blocks[0]!;
const limited = (limits: Partial<ReadLimits>) => read({ limits });

describe('what a resource block sets', () => {
  it.each<[string, string, string[]]>([
    [
      'attributes, not the arguments that Terraform itself takes',
      'count = 1\nprovider = a.b\ndepends_on = [c.d]\na = 1',
      ['a'],
    ],
    [
      'nested blocks, every one of them',
      'rule { from = 1 }\nrule { to = var.x }',
      ['rule', 'rule.from', 'rule.to'],
    ],
    [
      'not lifecycle, connection and provisioners',
      'lifecycle { prevent_destroy = true }\nconnection { host = "h" }\nprovisioner "local-exec" { command = "c" }',
      [],
    ],
    ['timeouts are arguments of the resource', 'timeouts { create = "1m" }', ['timeouts', 'timeouts.create']],
    [
      'what dynamic blocks make, nested ones too',
      'dynamic "rule" {\n for_each = var.x\n content {\n port = rule.value\n dynamic "to" {\n for_each = rule.value.to\n content { cidr = to.value }\n }\n }\n}',
      ['rule', 'rule.port', 'rule.to', 'rule.to.cidr'],
    ],
    [
      'members of objects, quoted where they are no names',
      'tags = { a = 1, "b.c/d" = 2 }',
      ['tags', 'tags.a', 'tags["b.c/d"]'],
    ],
    [
      'objects in lists, as nested blocks',
      'ingress = [{ from = 1 }, { to = 2 }]',
      ['ingress', 'ingress.from', 'ingress.to'],
    ],
    [
      'what is an expression, as a whole',
      'tags = merge({ a = 1 }, var.tags)\nnames = [var.a]',
      ['names', 'tags'],
    ],
    ['empty objects and lists', 'a = {}\nb = []', ['a', 'b']],
    ['not what is null', 'a = null\nb = { c = null, d = 1 }', ['b', 'b.d']],
  ])('%s', async (_, text, sets) => {
    expect(await blockOf(text)).toMatchObject({ address: 't_x.y', sets, complete: true });
  });

  it.each([
    ['a member whose name is an expression', 'tags = { a = 1, (var.k) = 2 }', ['tags', 'tags.a']],
    [
      'a list of which only some elements tell',
      'ingress = [{ a = 1 }, local.rule]',
      ['ingress', 'ingress.a'],
    ],
    ['a dynamic block without content', 'dynamic "a" { for_each = [] }', []],
  ])('is not all known with %s', async (_, text, sets) => {
    expect(await blockOf(text)).toMatchObject({ sets, complete: false });
  });

  it('a variable that a call leaves at null is not set; one of the root may be set from outside', async () => {
    write({
      'main.tf':
        'variable "x" { default = null }\nresource "t_x" "r" { a = var.x }\nmodule "m" {\n source = "./m"\n given = null\n}',
      'm/m.tf': `variable "given" { default = 1 }
        variable "left" { default = null }
        variable "kept" {
          default = "k"
          nullable = false
        }
        locals { through = var.left }
        resource "t_x" "m" {
          a = var.given
          b = local.through
          c = var.kept
        }`,
    });
    expect((await read()).blocks.map(({ sets }) => sets)).toEqual([['c'], ['a']]);
  });
});

describe('ignore_changes', () => {
  it.each<[string, string[]]>([
    ['all', ['*']],
    ['["*"]', ['*']],
    [
      '[tags, tags["a.b"], tags["Name"], ingress[0].from_port]',
      ['ingress[0].from_port', 'tags', 'tags.Name', 'tags["a.b"]'],
    ],
    ['["name"]', ['name']],
    ['[]', []],
  ])('%s', async (given, ignores) => {
    expect(await blockOf(`lifecycle { ignore_changes = ${given} }`)).toMatchObject({
      ignores,
      complete: true,
    });
  });
});

describe('override files', () => {
  it('replace arguments one by one and nested blocks by type, and join lifecycle', async () => {
    write({
      'main.tf':
        'resource "t_x" "y" {\n a = null\n rule { p = 1 }\n other { q = 1 }\n lifecycle { ignore_changes = [a] }\n}',
      'override.tf':
        'resource "t_x" "y" {\n a = 1\n dynamic "rule" {\n for_each = []\n content { r = 1 }\n }\n lifecycle { prevent_destroy = true }\n}',
      'z_override.tf.json': '{"resource":{"t_x":{"y":{"lifecycle":{"ignore_changes":["b"]}}}}}',
    });
    expect((await read()).blocks).toEqual([
      {
        address: 't_x.y',
        sets: ['a', 'other', 'other.q', 'rule', 'rule.r'],
        ignores: ['b'],
        complete: true,
        provider: 't',
      },
    ]);
  });

  it('that override nothing, or cannot be read, leave nothing sure', async () => {
    write({
      'main.tf': 'resource "t_x" "y" {}',
      'override.tf': 'resource "t_x" "z" {}',
      'b_override.tf': '{',
    });
    const { blocks, problems } = await read();
    expect(blocks).toMatchObject([{ address: 't_x.y', complete: false }]);
    expect(problems).toEqual([
      'b_override.tf, line 1: a name was expected',
      'override.tf: it overrides resource.t_x.z, which no other file of the module has',
    ]);
  });
});

describe('providers', () => {
  it('tell where they point, from literals, variables, files of variables and roles', async () => {
    write({
      'main.tf': `
        terraform {
          required_providers {
            aws = { source = "hashicorp/aws", version = "~> 5.0" }
          }
        }
        variable "region" { default = "eu-west-1" }
        variable "account" {}
        variable "stage" {}
        locals { role = "arn:aws:iam::\${var.account}:role/deploy" }
        provider "aws" { region = var.region }
        provider "aws" {
          alias = "east"
          region = "us-east-1"
          allowed_account_ids = ["210987654321"]
          secret_key = "hunter2-hunter2"
        }
        provider "aws" {
          alias = "role"
          region = data.x.y
          assume_role { role_arn = local.role }
        }
        provider "aws" {
          alias = "later"
          region = var.stage
          allowed_account_ids = [var.nowhere]
          dynamic "assume_role" {
            for_each = var.roles
            content { role_arn = assume_role.value }
          }
        }
        provider "google" { project = "p-1" }
        provider "azurerm" { subscription_id = "s-1" }`,
      'terraform.tfvars': 'account = "111111111111"\npassword = "hunter2-hunter2"',
      'b.auto.tfvars.json': '{"region": "eu-north-1"}',
      'ignored.tfvars': 'stage = "x"',
    });
    const none = {
      module: '',
      alias: null,
      source: null,
      region: null,
      account: null,
      role: null,
      unknown: [],
    };
    const configuration = await read();
    expect(configuration.providers).toEqual([
      { ...none, name: 'aws', source: 'hashicorp/aws', region: 'eu-north-1' },
      {
        ...none,
        name: 'aws',
        source: 'hashicorp/aws',
        alias: 'east',
        region: 'us-east-1',
        account: '210987654321',
      },
      {
        ...none,
        name: 'aws',
        source: 'hashicorp/aws',
        alias: 'role',
        account: '111111111111',
        role: 'arn:aws:iam::111111111111:role/deploy',
        unknown: ['region'],
      },
      {
        ...none,
        name: 'aws',
        source: 'hashicorp/aws',
        alias: 'later',
        unknown: ['allowed_account_ids', 'assume_role.role_arn', 'region'],
      },
      { ...none, name: 'google', account: 'p-1' },
      { ...none, name: 'azurerm', account: 's-1' },
    ]);
    expect(JSON.stringify(configuration)).not.toContain('hunter2');
  });

  it('are followed through modules, and stand under the module that configures them', async () => {
    write({
      'main.tf': `
        provider "aws" { alias = "east" }
        module "a" {
          source = "./a"
          providers = { aws = aws.east, aws.peer = aws }
        }
        module "b" { source = "./b" }`,
      'a/a.tf':
        'provider "aws" { alias = "peer" }\nresource "aws_x" "one" {}\nresource "aws_x" "two" { provider = aws.peer }\nmodule "in" { source = "../c" }',
      'b/b.tf':
        'variable "r" { default = "r-1" }\nprovider "aws" { region = var.r }\nresource "aws_x" "own" {}\nmodule "in" { source = "../c" }',
      'c/c.tf': 'resource "aws_x" "inner" {}\nresource "google_x" "inner" {}',
    });
    const { blocks, providers } = await read();
    expect(Object.fromEntries(blocks.map(({ address, provider }) => [address, provider]))).toEqual({
      'module.a.aws_x.one': 'aws.east',
      'module.a.aws_x.two': 'aws',
      'module.a.module.in.aws_x.inner': 'aws.east',
      'module.a.module.in.google_x.inner': 'google',
      'module.b.aws_x.own': 'module.b.aws',
      'module.b.module.in.aws_x.inner': 'module.b.aws',
      'module.b.module.in.google_x.inner': 'google',
    });
    expect(providers).toContainEqual(
      expect.objectContaining({ module: 'module.b', name: 'aws', region: 'r-1' }),
    );
  });
});

it('moved, import and removed blocks tell of addresses, absolute ones', async () => {
  write({
    'main.tf': `
      module "m" { source = "./m" }
      moved {
        from = module.old
        to = module.m
      }
      import {
        for_each = local.ids
        to = t_x.y[each.key]
        id = each.value
      }
      removed {
        from = t_x.kept
        lifecycle { destroy = false }
      }
      removed {
        from = t_x.destroyed
        lifecycle { destroy = true }
      }`,
    'm/m.tf.json': '{"moved":[{"from":"t_x.a","to":"t_x.b[\\"k\\"]"}]}',
  });
  expect((await read()).moves).toEqual([
    { from: 'module.old', to: 'module.m' },
    { from: 'import', to: 't_x.y' },
    { from: 't_x.kept', to: null },
    { from: 'module.m.t_x.a', to: 'module.m.t_x.b["k"]' },
  ]);
});

describe('modules', () => {
  it('that were installed are read where terraform init put them', async () => {
    write({
      'main.tf':
        'module "net" {\n source = "git::https://user:hunter2@git.example/net"\n}\nmodule "gone" { source = "acme/gone/aws" }',
      '.terraform/modules/modules.json': JSON.stringify({
        Modules: [
          { Key: '', Source: '', Dir: '.' },
          { Key: 'net', Source: 'git::x', Dir: '.terraform/modules/net/here' },
          { Key: 'net.deep', Source: 'acme/deep/aws', Dir: '.terraform/modules/net.deep' },
        ],
      }),
      '.terraform/modules/net/here/main.tf':
        'module "deep" { source = "acme/deep/aws" }\nresource "t_x" "n" {}',
      '.terraform/modules/net.deep/main.tf': 'resource "t_x" "d" {}',
    });
    const { blocks, problems } = await read();
    expect(blocks.map(({ address }) => address)).toEqual([
      'module.net.module.deep.t_x.d',
      'module.net.t_x.n',
    ]);
    expect(problems).toEqual([
      'module.gone is not known: its source is no local folder and it is not installed: run terraform init',
    ]);
  });

  it('that are not there, or lie outside, are unknown: the others are read', async () => {
    mkdirSync(join(folder.path, 'root'));
    write({
      'outside/x.tf': 'resource "t_x" "secret" {}',
      'root/main.tf': `
        module "nowhere" { source = "./nowhere" }
        module "outside" { source = "../outside" }
        module "link" { source = "./link" }
        module "empty" { source = "./empty" }
        module "variable" { source = var.x }
        module "fine" { source = "./fine" }`,
      'root/empty/README.md': 'nothing',
      'root/fine/main.tf': 'resource "t_x" "y" {}',
    });
    symlinkSync(join(folder.path, 'outside'), join(folder.path, 'root', 'link'));
    symlinkSync(join(folder.path, 'outside', 'x.tf'), join(folder.path, 'root', 'fine', 'link.tf'));
    const directory = join(folder.path, 'root');
    const { blocks, problems } = await read({ directory });
    expect(blocks.map(({ address }) => address)).toEqual(['module.fine.t_x.y']);
    expect(problems).toEqual([
      'fine/link.tf: it lies outside of the folder that may be read, or is a link to there',
      'module.empty is not known: there are no .tf or .tf.json files in its folder',
      'module.link is not known: link: it lies outside of the folder that may be read, or is a link to there',
      'module.nowhere is not known: its source is a folder that does not exist',
      'module.outside is not known: ../outside: it lies outside of the folder that may be read, or is a link to there',
      'module.variable is not known: its source is no literal',
    ]);
    const wider = await read({ directory, within: folder.path });
    expect(wider.blocks.map(({ address }) => address)).toContain('module.outside.t_x.secret');
  });

  it('links to what is no file, and links in a circle, are problems', async () => {
    write({ 'main.tf': 'resource "t_x" "y" {}', 'm/m.tf': '' });
    symlinkSync(join(folder.path, 'm'), join(folder.path, 'folder.tf'));
    symlinkSync(join(folder.path, 'circle.tf'), join(folder.path, 'circle.tf'));
    symlinkSync(join(folder.path, 'gone'), join(folder.path, 'gone.tf'));
    execFileSync('mkfifo', [join(folder.path, 'pipe')]);
    symlinkSync(join(folder.path, 'pipe'), join(folder.path, 'pipe.tf'));
    const { blocks, problems } = await read();
    expect(blocks.map(({ address }) => address)).toEqual(['t_x.y']);
    expect(problems).toEqual([
      'circle.tf: it cannot be read (ELOOP)',
      'folder.tf: it is no file',
      'gone.tf: it is gone',
      'pipe.tf: it is no file',
    ]);
  });

  it("OpenTofu's own files are not read, and leave nothing sure", async () => {
    write({ 'main.tf': 'resource "t_x" "y" {}', 'main.tofu': 'resource "t_x" "y" { a = 1 }' });
    const { blocks, problems } = await read();
    expect(blocks).toMatchObject([{ address: 't_x.y', complete: false }]);
    expect(problems).toEqual(['main.tofu: files that only OpenTofu reads are not read here']);
  });

  it('a file that cannot be read leaves its own blocks unknown', async () => {
    write({ 'a.tf': 'resource "t_x" "a" {}', 'b.tf': 'resource "t_x" "b" {', 'c.tf.json': '[]' });
    const { blocks, problems } = await read();
    expect(blocks).toMatchObject([{ address: 't_x.a', complete: true }]);
    expect(problems).toEqual(['b.tf, line 1: "}" was expected', 'c.tf.json: a JSON object was expected']);
  });
});

describe('limits', () => {
  it('a module that calls itself is not known, and calls are counted', async () => {
    write({
      'main.tf':
        'module "self" { source = "./." }\nmodule "m" { source = "./m" }\nmodule "n" { source = "./n" }',
      'm/m.tf': 'module "back" { source = "../n" }',
      'n/n.tf': 'module "forth" { source = "../m" }\nresource "t_x" "y" {}',
    });
    const { blocks, problems } = await read();
    expect(blocks.map(({ address }) => address)).toEqual(['module.m.module.back.t_x.y', 'module.n.t_x.y']);
    expect(problems).toEqual([
      'module.m.module.back.module.forth is not known: it calls itself',
      'module.n.module.forth.module.back is not known: it calls itself',
      'module.self is not known: it calls itself',
    ]);
    expect((await limited({ calls: 2 })).problems).toContain(
      'there are more than 2 calls of modules: the others are not known',
    );
  });

  it('on single files and on depth cost what is behind them', async () => {
    write({
      'main.tf': 'module "a" { source = "./a" }',
      'big.tf': `#${' '.repeat(2_000)}`,
      'a/a.tf': 'module "b" { source = "./b" }\nresource "t_x" "y" {}',
      'a/b/b.tf': 'resource "t_x" "z" {}',
    });
    const { blocks, problems } = await limited({ fileBytes: 1_000, depth: 1 });
    expect(blocks.map(({ address }) => address)).toEqual(['module.a.t_x.y']);
    expect(problems).toEqual([
      'big.tf: it is larger than 1000 bytes',
      'module.a.module.b is not known: modules call modules more than 1 deep',
    ]);
  });

  it('on all of it refuse the whole', async () => {
    write({ 'a.tf': `#${'x'.repeat(600)}`, 'b.tf': `#${'x'.repeat(600)}` });
    await expect(limited({ files: 1 })).rejects.toThrow(
      'there are more than 1 files in all modules together',
    );
    await expect(limited({ bytes: 1_000 })).rejects.toThrow('larger than 1000 bytes together');
  });

  it('on what is published leave blocks out and say so', async () => {
    write({ 'main.tf': Array.from({ length: 5 }, (_, i) => `resource "t_x" "y${i}" { a = 1 }\n`).join('') });
    const few = await limited({ blocks: 3 });
    expect([few.blocks.length, few.problems]).toEqual([
      3,
      [expect.stringMatching(/^2 resource blocks are left out/)],
    ]);
    expect((await limited({ text: 40 })).blocks).toHaveLength(3);
  });

  it('a block of too many paths is not all known', async () => {
    const block = await blockOf(
      `tags = {\n${Array.from({ length: 2_500 }, (_, i) => `k${i} = 1\n`).join('')}}`,
    );
    expect([block.sets.length, block.complete]).toEqual([2_000, false]);
  });

  it('a folder without a configuration is refused, without the path of the machine', async () => {
    await expect(read()).rejects.toThrow(/^[\w-]+: there are no \.tf or \.tf\.json files in this folder/);
    await expect(read({ directory: join(folder.path, 'nowhere') })).rejects.toThrow(
      'nowhere: there is no such folder',
    );
  });
});

describe('a Git checkout', () => {
  const git = (...args: string[]): string =>
    execFileSync('git', ['-c', 'user.name=t', '-c', 'user.email=t@example', ...args], {
      cwd: folder.path,
      encoding: 'utf8',
      env: { PATH: process.env.PATH, HOME: folder.path, GIT_CONFIG_NOSYSTEM: '1' },
    }).trim();
  const revision = async (directory: string) => (await readConfiguration({ directory })).revision;

  it('tells its commit: on a branch, packed, detached, in a worktree; and modules beside the root are read', async () => {
    write({
      'envs/prod/main.tf': 'module "net" { source = "../../modules/net" }',
      'modules/net/main.tf': 'resource "t_x" "y" {}',
    });
    const root = join(folder.path, 'envs', 'prod');
    git('init', '-q', '-b', 'feature/a+b');
    expect(await revision(root)).toBeNull();
    git('add', '.');
    git('commit', '-qm', 'one');
    const first = git('rev-parse', 'HEAD');
    const found = await readConfiguration({ directory: root });
    expect(found.revision).toBe(first);
    expect(found.configuration.blocks.map(({ address }) => address)).toEqual(['module.net.t_x.y']);
    git('pack-refs', '--all');
    expect(await revision(root)).toBe(first);
    git('commit', '-qm', 'two', '--allow-empty');
    expect(await looksSame(found.looks)).toBe(false);
    const second = git('rev-parse', 'HEAD');
    git('worktree', 'add', '-q', '--detach', 'elsewhere', first);
    git('checkout', '-q', second);
    expect(await revision(root)).toBe(second);
    expect(await revision(join(folder.path, 'elsewhere', 'envs', 'prod'))).toBe(first);
  });
});

it('every file, folder and absence that was looked at is noticed when it changes', async () => {
  write({ 'main.tf': 'module "m" { source = "./m" }\nmodule "r" { source = "a/b/c" }', 'm/m.tf': '' });
  const changes: [string, () => void][] = [
    ['a file', () => write({ 'm/m.tf': 'resource "t_x" "y" {}' })],
    ['a new file', () => write({ 'more.tf': '' })],
    ['a file less', () => rmSync(join(folder.path, 'more.tf'))],
    ['an install', () => write({ '.terraform/modules/modules.json': '{"Modules":[]}' })],
    ['a folder less', () => rmSync(join(folder.path, 'm'), { recursive: true })],
    ['a folder that was missed', () => write({ 'm/m.tf': '' })],
  ];
  for (const [what, change] of changes) {
    const { looks } = await readConfiguration({ directory: folder.path });
    expect(await looksSame(looks)).toBe(true);
    change();
    expect(await looksSame(looks), what).toBe(false);
  }
});
