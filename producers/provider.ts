// What every provider folder gives: its sources and the identity of its resources. Identity rules are data (resources.ts).

import type { JsonObject } from '../schemas/index.ts';

/** Where a provider configuration points: from configuration, from ARNs and ids in the same state, or unknown. */
export interface Scope {
  account: string | null;
  region: string | null;
}

export interface Identity {
  /**
   * Object keys the instance concerns; the first is its own, the others are further objects and names under which feeds
   * may speak of it (the root volume inside an instance, an alias). Never empty: `-` stands for account and region where
   * the id is globally unique.
   */
  objectKeys: string[];
  /** Id in the form the state holds it. */
  resourceId: string;
  account: string | null;
  region: string | null;
  /** Why the scope could not be told although the key needs it; then the object is `unknown`. */
  scopeProblem: string | null;
}

export interface Provider {
  /** Short name, second part of object keys: aws, digitalocean, azure, gcp. */
  name: string;
  /** Last part of the Terraform provider's source address: `aws` of registry.terraform.io/hashicorp/aws. */
  terraformName: string;
  /** Scope readable from one instance's own attributes (an ARN, a region field); nulls where it does not say. */
  scopeOf(type: string, attributes: JsonObject): Scope;
  /** Identity of one managed instance of this provider. */
  identify(instance: { org: string; type: string; attributes: JsonObject; scope: Scope }): Identity;
}
