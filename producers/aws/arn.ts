// Amazon Resource Names taken apart. Pure; knows the syntax only, not what a name stands for.

export interface Arn {
  service: string;
  /** Null where the service leaves it out (S3, IAM's region, …) or names AWS itself. */
  account: string | null;
  region: string | null;
  /** Everything after the fifth colon. */
  resource: string;
}

/** `arn:partition:service:region:account:resource`; null for anything else, or longer than AWS allows (2,048). */
export function parseArn(text: string): Arn | null {
  if (!text.startsWith('arn:') || text.length > 2_048) return null;
  const parts = text.split(':');
  const service = parts[2];
  const account = parts[4];
  const resource = parts.slice(5).join(':');
  if (!service || account === undefined || resource === '' || /\s/.test(text.slice(0, 40))) return null;
  return {
    service,
    account: /^\d{12}$/.test(account) ? account : null,
    region: /^[a-z0-9-]+$/.test(parts[3]!) ? parts[3]! : null,
    resource,
  };
}
