// What is not asked of a provider although it could be: reads that hand out secrets, and providers that cannot be configured
// by themselves. Data, and what to say. Pure.
import { type ProviderSource, shortName } from './find/source.ts';

/**
 * Types whose read returns a secret and so needs the permission to read it: a watcher of configurations should not hold that.
 * Read only where someone allowed the type by name.
 */
const SECRET_READS: ReadonlySet<string> = new Set([
  'aws_secretsmanager_secret_version',
  'aws_ssm_parameter',
  'azurerm_app_configuration_key',
  'azurerm_key_vault_certificate',
  'azurerm_key_vault_key',
  'azurerm_key_vault_secret',
  'google_secret_manager_secret_version',
  'google_service_account_key',
  'kubernetes_secret',
  'kubernetes_secret_v1',
  'vault_generic_secret',
  'vault_kv_secret',
  'vault_kv_secret_v2',
]);

/** Providers that are told of their cluster or server by other resources of the same configuration, as a rule. */
const CONFIGURED_BY_RESOURCES: ReadonlySet<string> = new Set([
  'hashicorp/kubernetes',
  'hashicorp/helm',
  'gavinbunney/kubectl',
  'alekc/kubectl',
  'hashicorp/vault',
  'cyrilgdn/postgresql',
  'petoju/mysql',
]);

/** Null when it may be read; else why not, for coverage. */
export function whyNotRead(type: string, allowed: ReadonlySet<string>): string | null {
  if (!SECRET_READS.has(type) || allowed.has(type)) return null;
  return `reading a ${type} returns a secret and needs the permission to: allow the type to have it read`;
}

/**
 * Null when it can be configured; else why not, for coverage. `unknown`: the arguments of the provider block whose value comes
 * from other resources; `given`: those whose value is known, from the configuration or the binding.
 */
export function whyNotConfigurable(
  source: ProviderSource,
  given: readonly string[],
  unknown: readonly string[],
): string | null {
  const name = shortName(source);
  if (unknown.length > 0)
    return `provider not configurable: ${name} takes ${[...unknown].sort().join(', ')} from other resources; give the binding a configuration of its own`;
  if (given.length === 0 && CONFIGURED_BY_RESOURCES.has(name))
    return `provider not configurable: ${name} is told by other resources where it works; give the binding a configuration of its own`;
  return null;
}
