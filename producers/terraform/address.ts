// How Terraform writes addresses of resource instances and of provider configurations. Pure; prints and parses, no more.
//
// Rests on internal/addrs of Terraform 1.11 (instance keys, provider configurations) and on what `state list` prints.

const PRINTABLE = /^[\p{L}\p{M}\p{N}\p{P}\p{S} ]$/u;
const PLAIN = /^[A-Za-z0-9 _./:@+,;=-]*$/;

/** A string index as Terraform quotes it: HCL escapes, `${` and `%{` doubled, what cannot be printed as \u. */
export function quoted(text: string): string {
  if (PLAIN.test(text)) return `"${text}"`;
  let out = '"';
  const characters = [...text];
  for (const [i, c] of characters.entries()) {
    if (c === '\n') out += '\\n';
    else if (c === '\r') out += '\\r';
    else if (c === '\t') out += '\\t';
    else if (c === '"' || c === '\\') out += `\\${c}`;
    else if ((c === '$' || c === '%') && characters[i + 1] === '{') out += c + c;
    else if (PRINTABLE.test(c)) out += c;
    else {
      const code = c.codePointAt(0)!;
      out += code < 0x10000 ? `\\u${hex(code, 4)}` : `\\U${hex(code, 8)}`;
    }
  }
  return `${out}"`;
}

const hex = (code: number, width: number): string => code.toString(16).padStart(width, '0');

/** `module.m["x"].aws_s3_bucket.b[0]`; a deposed object ends in ` (deposed 1a2b3c4d)`. */
export function instanceAddress(of: {
  module: string | null;
  type: string;
  name: string;
  index: string | number | null;
  deposed: string | null;
}): string {
  const module = of.module ? `${of.module}.` : '';
  const index =
    of.index === null ? '' : `[${typeof of.index === 'string' ? quoted(of.index) : String(of.index)}]`;
  const deposed = of.deposed ? ` (deposed ${of.deposed})` : '';
  return `${module}${of.type}.${of.name}${index}${deposed}`;
}

export interface ProviderAddress {
  /** Last part of the source address: `aws` of registry.terraform.io/hashicorp/aws. */
  name: string;
  alias: string | null;
}

const CURRENT = /(?:^|\.)provider\["([^"]*)"\](?:\.([A-Za-z_][\w-]*))?$/;
const LEGACY = /(?:^|\.)provider\.([A-Za-z][\w-]*)(?:\.([A-Za-z_][\w-]*))?$/;

/**
 * Reads `provider["registry.terraform.io/hashicorp/aws"].alias`, the same under a module, and the form of Terraform 0.12
 * (`provider.aws.alias`). Null for anything else.
 */
export function parseProvider(address: string): ProviderAddress | null {
  const match = CURRENT.exec(address) ?? LEGACY.exec(address);
  if (!match) return null;
  const name = match[1]!.slice(match[1]!.lastIndexOf('/') + 1);
  return name === '' ? null : { name, alias: match[2] ?? null };
}
