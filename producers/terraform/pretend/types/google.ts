// The pretend google provider. Data: names and types are those of the real one, fewer of them.
import type { ProviderType, Reported } from '../schema.ts';
import { block, CONFIGURATION, listOf, made, optional, setOf } from './written.ts';

/** As the audit log has it. */
const audited = (service: string, noun: string, change = 'patch'): Reported => ({
  service: `${service}.googleapis.com`,
  create: `${noun}.insert`,
  update: `${noun}.${change}`,
  delete: `${noun}.delete`,
});
const PROJECT = { is: 'string optional computed new', made: '{project}' };

export const GOOGLE: ProviderType = {
  name: 'google',
  address: 'registry.terraform.io/hashicorp/google',
  version: '6.40.0',
  protocol: 5,
  block: block({ ...CONFIGURATION, project: 'string optional' }),
  resources: {
    google_storage_bucket: {
      version: 4,
      id: '{name}',
      placed: 'world',
      reported: audited('storage', 'storage.buckets'),
      block: block(
        {
          id: 'string computed',
          force_destroy: optional('bool', false),
          labels: 'map(string) optional',
          location: 'string required new',
          name: 'string required new',
          project: PROJECT,
          public_access_prevention: optional('string', 'inherited'),
          self_link: made('string', 'https://www.googleapis.com/storage/v1/b/{name}'),
          storage_class: optional('string', 'STANDARD'),
          uniform_bucket_level_access: optional('bool', false),
          url: made('string', 'gs://{name}'),
        },
        {
          versioning: listOf(block({ enabled: 'bool required' }), { max_items: 1 }),
          lifecycle_rule: listOf(
            block(
              {},
              {
                action: setOf(block({ storage_class: 'string optional', type: 'string required' }), {
                  min_items: 1,
                  max_items: 1,
                }),
                condition: setOf(block({ age: 'number optional', with_state: optional('string', 'ANY') }), {
                  min_items: 1,
                  max_items: 1,
                }),
              },
            ),
          ),
        },
      ),
    },
    google_compute_firewall: {
      version: 1,
      id: 'projects/{project}/global/firewalls/{name}',
      placed: 'world',
      reported: audited('compute', 'v1.compute.firewalls'),
      block: block(
        {
          id: 'string computed',
          creation_timestamp: made('string', '{#now}'),
          description: 'string optional',
          direction: optional('string', 'INGRESS', 'new'),
          disabled: 'bool optional',
          name: 'string required new',
          network: 'string required new',
          priority: optional('number', 1000),
          project: PROJECT,
          self_link: made('string', 'https://www.googleapis.com/compute/v1/{id}'),
          source_ranges: { is: 'optional computed', type: ['set', 'string'], default: [] },
          target_tags: 'set(string) optional',
        },
        { allow: setOf(block({ ports: 'list(string) optional', protocol: 'string required' })) },
      ),
    },
    google_pubsub_topic: {
      version: 0,
      id: 'projects/{project}/topics/{name}',
      placed: 'world',
      reported: audited('pubsub', 'google.pubsub.v1.Publisher', 'UpdateTopic'),
      block: block({
        id: 'string computed',
        kms_key_name: 'string optional',
        labels: 'map(string) optional',
        message_retention_duration: 'string optional',
        name: 'string required new',
        project: PROJECT,
      }),
    },
    google_compute_network: {
      version: 0,
      id: 'projects/{project}/global/networks/{name}',
      placed: 'world',
      reported: audited('compute', 'v1.compute.networks'),
      block: block({
        id: 'string computed',
        auto_create_subnetworks: optional('bool', true, 'new'),
        description: 'string optional new',
        mtu: optional('number', 0),
        name: 'string required new',
        project: PROJECT,
        routing_mode: optional('string', 'REGIONAL'),
        self_link: made('string', 'https://www.googleapis.com/compute/v1/{id}'),
      }),
    },
    google_service_account: {
      version: 0,
      id: 'projects/{project}/serviceAccounts/{account_id}@{project}.iam.gserviceaccount.com',
      placed: 'world',
      reported: audited('iam', 'google.iam.admin.v1.ServiceAccount', 'PatchServiceAccount'),
      block: block({
        id: 'string computed',
        account_id: 'string required new',
        description: 'string optional',
        disabled: optional('bool', false),
        display_name: 'string optional',
        email: made('string', '{account_id}@{project}.iam.gserviceaccount.com'),
        member: made('string', 'serviceAccount:{account_id}@{project}.iam.gserviceaccount.com'),
        name: made('string', '{id}'),
        project: PROJECT,
        unique_id: made('string', '{#digits:21}'),
      }),
    },
    google_sql_database_instance: {
      version: 0,
      id: '{name}',
      placed: 'world',
      reported: audited('cloudsql', 'cloudsql.instances', 'update'),
      block: block(
        {
          id: 'string computed',
          connection_name: made('string', '{project}:{region}:{name}'),
          database_version: 'string required',
          deletion_protection: optional('bool', true),
          name: { is: 'string optional computed new', made: 'terraform-{#digits:14}' },
          project: PROJECT,
          region: { is: 'string optional computed new', made: 'europe-west3' },
          root_password: 'string optional sensitive unreadable',
        },
        {
          settings: listOf(
            block(
              {
                activation_policy: optional('string', 'ALWAYS'),
                availability_type: optional('string', 'ZONAL'),
                disk_size: optional('number', 10),
                tier: 'string required',
                user_labels: 'map(string) optional',
                version: made('number', 1),
              },
              {
                backup_configuration: listOf(
                  block({ enabled: 'bool optional', start_time: optional('string', '05:00') }),
                  { max_items: 1 },
                ),
                database_flags: setOf(block({ name: 'string required', value: 'string required' })),
                ip_configuration: listOf(
                  block(
                    { ipv4_enabled: optional('bool', true), ssl_mode: 'string optional' },
                    {
                      authorized_networks: setOf(
                        block({ name: 'string optional', value: 'string required' }),
                      ),
                    },
                  ),
                  { max_items: 1 },
                ),
              },
            ),
            { max_items: 1 },
          ),
        },
      ),
    },
  },
  data: {
    google_client_config: {
      version: 0,
      block: block({
        id: made('string', 'projects/{caller.project}'),
        project: made('string', '{caller.project}'),
        region: made('string', '{caller.region}'),
      }),
    },
  },
};
