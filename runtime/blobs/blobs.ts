// The blob port: bytes that must not be in events (raw Terraform state, originals of dead letters), encrypted at rest.
export interface Blobs {
  /** Stores the bytes and returns when durable. The same reference again replaces. References are `a/b/c`, [A-Za-z0-9._-] parts. */
  put(reference: string, bytes: Buffer): Promise<void>;
  /** Null when there is none; DM_BLOB_UNREADABLE when it cannot be decrypted (wrong key, tampered). */
  get(reference: string): Promise<Buffer | null>;
  /** References that start with the prefix, in order. */
  list(prefix: string): Promise<string[]>;
  delete(reference: string): Promise<void>;
}
