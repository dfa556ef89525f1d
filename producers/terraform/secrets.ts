// What holds secrets: attributes by type, names, and the looks of values. Data and small predicates. Pure.
//
// Used where neither a schema nor a mark in the state says so; more is taken for a secret rather than less.

/**
 * How far a secret is followed. `full`: every string that equals, contains or encodes it is a secret too. `weak`: the
 * attribute mixes secrets with ordinary values (environment variables), so only values that look random, or whose own
 * name says secret, are followed.
 */
export type Reach = 'full' | 'weak';

/** Attributes by Terraform type; dots part the steps, `*` is any index or key. All that lies below is meant. */
export const SECRET_ATTRIBUTES: Readonly<Record<string, readonly string[]>> = {
  // AWS
  aws_acm_certificate: ['private_key'],
  aws_api_gateway_api_key: ['value'],
  aws_appsync_api_key: ['key'],
  aws_cloudfront_key_value_store: ['value'],
  aws_cognito_identity_provider: ['provider_details.client_secret'],
  aws_cognito_user: ['password', 'temporary_password', 'client_metadata'],
  aws_dx_bgp_peer: ['bgp_auth_key'],
  aws_dx_private_virtual_interface: ['bgp_auth_key'],
  aws_dx_public_virtual_interface: ['bgp_auth_key'],
  aws_iam_access_key: [
    'secret',
    'encrypted_secret',
    'ses_smtp_password_v4',
    'encrypted_ses_smtp_password_v4',
  ],
  aws_iam_server_certificate: ['private_key'],
  aws_iam_user_login_profile: ['password', 'encrypted_password'],
  aws_iot_certificate: ['private_key', 'public_key', 'ca_pem'],
  aws_kms_external_key: ['key_material_base64'],
  aws_kms_ciphertext: ['plaintext'],
  aws_lightsail_key_pair: ['private_key', 'encrypted_private_key'],
  aws_secretsmanager_secret_version: ['secret_string', 'secret_binary'],
  aws_sns_platform_application: ['platform_credential', 'platform_principal'],
  aws_ssm_parameter: ['value'],
  aws_vpn_connection: ['customer_gateway_configuration', 'tunnel1_preshared_key', 'tunnel2_preshared_key'],
  aws_workspaces_connection_alias: ['connection_string'],
  // Azure
  azuread_application_password: ['value'],
  azuread_service_principal_password: ['value'],
  azurerm_application_insights: ['instrumentation_key', 'connection_string'],
  azurerm_app_configuration_key: ['value'],
  azurerm_cognitive_account: ['primary_access_key', 'secondary_access_key'],
  azurerm_cosmosdb_account: [
    'primary_key',
    'secondary_key',
    'primary_readonly_key',
    'secondary_readonly_key',
    'connection_strings',
  ],
  azurerm_eventhub_authorization_rule: ['primary_key', 'secondary_key'],
  azurerm_key_vault_certificate: ['certificate.*.contents', 'certificate.*.password'],
  azurerm_key_vault_secret: ['value'],
  azurerm_kubernetes_cluster: ['kube_config', 'kube_admin_config'],
  azurerm_log_analytics_workspace: ['primary_shared_key', 'secondary_shared_key'],
  azurerm_redis_cache: ['primary_access_key', 'secondary_access_key'],
  azurerm_search_service: ['primary_key', 'secondary_key', 'query_keys'],
  azurerm_servicebus_namespace: ['default_primary_key', 'default_secondary_key'],
  azurerm_storage_account: ['primary_access_key', 'secondary_access_key'],
  azurerm_storage_account_sas: ['sas'],
  // Google
  google_apikeys_key: ['key_string'],
  google_compute_ssl_certificate: ['private_key'],
  google_compute_vpn_tunnel: ['shared_secret'],
  google_secret_manager_secret_version: ['secret_data'],
  google_service_account_key: ['private_key'],
  google_sql_ssl_cert: ['private_key'],
  google_sql_user: ['password'],
  google_storage_hmac_key: ['secret'],
  // DigitalOcean
  digitalocean_certificate: ['private_key'],
  digitalocean_container_registry_docker_credentials: ['docker_credentials'],
  digitalocean_database_cluster: ['password', 'uri', 'private_uri', 'ui_password', 'ui_uri'],
  digitalocean_database_connection_pool: ['password', 'uri', 'private_uri'],
  digitalocean_database_user: ['password', 'access_cert', 'access_key'],
  digitalocean_spaces_key: ['secret_key'],
  // Everything else
  cloudflare_api_token: ['value'],
  cloudflare_tunnel: ['secret', 'tunnel_token'],
  github_actions_secret: ['plaintext_value', 'encrypted_value'],
  github_actions_organization_secret: ['plaintext_value', 'encrypted_value'],
  github_dependabot_secret: ['plaintext_value', 'encrypted_value'],
  gitlab_group_variable: ['value'],
  gitlab_project_variable: ['value'],
  kubernetes_secret: ['data', 'binary_data'],
  kubernetes_secret_v1: ['data', 'binary_data'],
  random_bytes: ['base64', 'hex'],
  random_password: ['result', 'bcrypt_hash'],
  tls_private_key: ['private_key_openssh', 'private_key_pem', 'private_key_pem_pkcs8'],
  vault_generic_secret: ['data', 'data_json'],
  vault_kv_secret: ['data', 'data_json'],
  vault_kv_secret_v2: ['data', 'data_json'],
};

/** Attributes that mix secrets with ordinary values: kept out of events whole, followed weakly. */
export const MIXED_ATTRIBUTES: Readonly<Record<string, readonly string[]>> = {
  aws_amplify_app: ['environment_variables'],
  aws_amplify_branch: ['environment_variables'],
  aws_batch_job_definition: ['parameters'],
  aws_codebuild_project: ['environment.*.environment_variable.*.value'],
  aws_glue_connection: ['connection_properties'],
  aws_lambda_function: ['environment.*.variables'],
  azurerm_app_service: ['app_settings', 'connection_string'],
  azurerm_container_group: ['container.*.secure_environment_variables'],
  azurerm_function_app: ['app_settings', 'connection_string'],
  azurerm_linux_function_app: ['app_settings', 'connection_string'],
  azurerm_linux_web_app: ['app_settings', 'connection_string'],
  azurerm_windows_function_app: ['app_settings', 'connection_string'],
  azurerm_windows_web_app: ['app_settings', 'connection_string'],
  helm_release: ['set_sensitive'],
};

/** On every type: start-up scripts and cluster credentials carry passwords more often than not. */
export const MIXED_EVERYWHERE: readonly string[] = [
  'custom_data',
  'kube_config',
  'kube_config_raw',
  'kube_admin_config_raw',
  'kubeconfig',
  'user_data',
  'user_data_base64',
];

const SECRET_WORD =
  /(?:^|_)(?:password|passwd|pwd|passphrase|passcode|secrets?|tokens?|credentials?|apikey|kubeconfig|psk|(?:private|api|secret|auth|shared|preshared|encryption|master|account|signing|license|storage|primary_access|secondary_access)_keys?|access_keys?|conn(?:ection)?_str(?:ings?)?|connectionstrings?)(?:_|$)/;
/** Endings that speak about a secret without holding one: its id, its age, whether it is on. */
const ABOUT =
  /_(?:id|ids|arn|arns|name|names|version|versions|enabled|disabled|type|types|length|size|count|policy|ttl|expiry|expiration|expires|url|urls|uri|uris|endpoint|endpoints|algorithm|status|state|path|paths|required|lifetime|duration|validity|period|days|hours|minutes|seconds|age|format|mode|kind|method|methods|scopes?|audience|issuer|ref|refs|selector|manager|only|date|at|time|use|usage|location|recovery|window|source|provider|keepers|fingerprint|class|namespace|bucket|group|label|labels|tags|description|prefix)$/;
const KEY_WORD = /(?:^|_)(?:key|auth|creds?|seed|salt|signature|sas)(?:_\d+)?$/;
const PUBLIC_KEY = /(?:^|_)(?:public|host|partition|hash|range|sort|routing|kms|object|map|tag|foreign)_key$/;
/** Words that are settings, not secrets, whatever the name beside them says. */
const SETTING = /^(?:true|false|null|none|yes|no|on|off|enabled|disabled|required|optional|\d{1,3})$/i;

export type NameSays = 'secret' | 'maybe' | 'nothing';

const snake = (name: string): string =>
  name
    .replace(/([a-z0-9])([A-Z])/g, '$1_$2')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '_');

export function nameSays(name: string): NameSays {
  if (name.length > 128) return 'nothing';
  const normal = snake(name);
  if (SECRET_WORD.test(normal)) return ABOUT.test(normal) ? 'nothing' : 'secret';
  return KEY_WORD.test(normal) && !PUBLIC_KEY.test(normal) ? 'maybe' : 'nothing';
}

/** True when an attribute of that name most likely holds a secret in this value. */
export function namedSecret(says: NameSays, value: string): boolean {
  if (says === 'nothing' || value === '' || SETTING.test(value) || value.startsWith('arn:')) return false;
  return says === 'secret' || (value.length >= 20 && looksRandom(value));
}

/** High entropy without the shape of a name, path, address or ARN. */
export function looksRandom(value: string): boolean {
  if (value.length < 12 || value.length > 4096 || /[\s:]/.test(value) || value.startsWith('/')) return false;
  const classes =
    Number(/[a-z]/.test(value)) +
    Number(/[A-Z]/.test(value)) +
    Number(/\d/.test(value)) +
    Number(/[^A-Za-z0-9]/.test(value));
  if (/^[a-f0-9]{24,}$/i.test(value)) return true;
  if (classes < 3) return false;
  const counts = new Map<string, number>();
  for (const c of value) counts.set(c, (counts.get(c) ?? 0) + 1);
  let entropy = 0;
  for (const n of counts.values()) entropy -= (n / value.length) * Math.log2(n / value.length);
  return entropy >= 3;
}

/**
 * Values that everyone knows and that place objects: following them would make whole states unknown although nothing
 * leaks. Regions and zones, account numbers, switches.
 */
export const isPublicKnowledge = (value: string): boolean =>
  /^[a-z]{2,3}(?:-[a-z]+)+-?\d{1,2}(?:-?[a-z])?$/.test(value) ||
  /^\d{12}$/.test(value) ||
  SETTING.test(value);

/** The password of an address with credentials, decoded; null when there is none. */
export function passwordOf(value: string): string | null {
  const match = /:\/\/[^/\s:@]*:([^/\s@]+)@/.exec(value);
  if (!match) return null;
  try {
    return decodeURIComponent(match[1]!);
  } catch {
    return match[1]!;
  }
}
