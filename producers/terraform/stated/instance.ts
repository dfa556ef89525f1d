// What is told of the instances of a stored state: as the state has them, not as they are published. Types only.
import type { ExactObject } from '../exact-json.ts';

/** One managed instance of one version of a state. Holds secrets: for reading it, never for events. */
export interface StatedInstance {
  address: string;
  type: string;
  /** As it is declared; empty for one without an id whose workspace is not told. */
  resourceId: string;
  /** As the state spells it: `provider["registry.terraform.io/hashicorp/aws"].east`. */
  providerAddress: string;
  schemaVersion: number;
  /** The state's own JSON, byte for byte. */
  attributes: Uint8Array | { flat: Record<string, string> };
  /** Decoded from base64. */
  private: Uint8Array | null;
}

/** With what it is declared under. */
export interface PagedInstance extends StatedInstance {
  /** Its own key, the first of those it is declared under. */
  objectKey: string;
  provider: string;
  account: string | null;
  region: string | null;
}

export interface StatedPage {
  instances: PagedInstance[];
  /** Where to go on; null at the end. */
  next: string | null;
  terraformVersion: string | null;
}

/**
 * Instances of stored versions of states. Everything rejects with StateProblem for what is stored but cannot be read, and
 * with DM_BLOB_MISSING when nothing is stored under the reference (any more).
 */
export interface StatedStates {
  /** Those at these addresses, deposed ones left out; addresses that this version lacks are left out too. */
  instances(reference: string, addresses: readonly string[]): Promise<Map<string, StatedInstance>>;
  /**
   * What a provider answered for an instance, in the very form and redaction in which its declaration was written:
   * canonical JSON text, equal to the declared one when the values are. `sensitive`: attribute paths, without indices,
   * that the provider's schema marks. DM_NOT_FOUND when this version has no such instance.
   */
  observed(
    reference: string,
    address: string,
    attributes: ExactObject,
    sensitive: readonly string[],
  ): Promise<{ attributes: string }>;
  /**
   * All managed instances, deposed ones left out, in the order of their addresses: so that `after`, the last one's
   * address, holds in other versions too. Fewer than `limit` where they are large.
   */
  page(reference: string, workspace: string, after: string | null, limit: number): Promise<StatedPage>;
  close(): Promise<void>;
}
