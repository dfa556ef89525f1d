// What is listed and how an answer becomes Terraform attributes, as data: a row per list and per resource type. Pure.
//
// Attribute shapes are those of the provider digitalocean/digitalocean; answers are those of the API v2 documentation
// (docs.digitalocean.com/reference/api). Only what the API tells is observed. What changes by itself (status, load) is
// left out, so that an unchanged resource gives an unchanged observation.
import type { JsonObject } from '../../schemas/index.ts';
import { DATABASE_LISTINGS } from './database-listings.ts';
import { flag, idText, inside, number, type Told, text, texts } from './fields.ts';
import { KUBERNETES_LISTINGS } from './kubernetes-listings.ts';
import { field, kubernetesOwner, type Listing, own, regionSlug } from './listing.ts';
import { NETWORK_LISTINGS } from './network-listings.ts';

const features =
  (name: string) =>
  (item: JsonObject): Told =>
    texts(item.features)?.includes(name);
export const LISTINGS: readonly Listing[] = [
  ...NETWORK_LISTINGS,
  {
    name: 'droplets',
    path: () => '/v2/droplets',
    // The plain list leaves out those with a GPU.
    also: ['/v2/droplets?type=gpus'],
    key: 'droplets',
    resources: [
      {
        type: 'digitalocean_droplet',
        id: own,
        ownedBy: kubernetesOwner,
        attributes: {
          name: field(text, 'name'),
          region: regionSlug,
          size: field(text, 'size_slug'),
          image: (item) => text(inside(item, 'image').slug) ?? idText(inside(item, 'image').id),
          vpc_uuid: field(text, 'vpc_uuid'),
          tags: field(texts, 'tags'),
          backups: features('backups'),
          ipv6: features('ipv6'),
          monitoring: features('monitoring'),
          volume_ids: field(texts, 'volume_ids'),
        },
      },
    ],
  },
  {
    name: 'volumes',
    path: () => '/v2/volumes',
    key: 'volumes',
    resources: [
      {
        type: 'digitalocean_volume',
        id: own,
        ownedBy: kubernetesOwner,
        attributes: {
          name: field(text, 'name'),
          region: regionSlug,
          size: field(number, 'size_gigabytes'),
          description: field(text, 'description'),
          initial_filesystem_type: (item) => text(item.filesystem_type) || undefined,
          initial_filesystem_label: (item) => text(item.filesystem_label) || undefined,
          tags: field(texts, 'tags'),
        },
      },
    ],
  },
  {
    name: 'SSH keys',
    path: () => '/v2/account/keys',
    key: 'ssh_keys',
    resources: [
      {
        type: 'digitalocean_ssh_key',
        id: own,
        attributes: { name: field(text, 'name'), public_key: field(text, 'public_key') },
      },
    ],
  },
  ...DATABASE_LISTINGS,
  ...KUBERNETES_LISTINGS,
  {
    name: 'tags',
    path: () => '/v2/tags',
    key: 'tags',
    resources: [
      {
        type: 'digitalocean_tag',
        id: (item) => idText(item.name),
        attributes: { name: field(text, 'name') },
      },
    ],
  },
  {
    name: 'projects',
    path: () => '/v2/projects',
    key: 'projects',
    resources: [
      {
        type: 'digitalocean_project',
        id: own,
        ownedBy: (item) => (item.is_default === true ? 'account default' : null),
        attributes: {
          name: field(text, 'name'),
          description: field(text, 'description'),
          purpose: (item) => text(item.purpose)?.replace(/^Other: /, ''),
          environment: field(text, 'environment'),
          is_default: field(flag, 'is_default'),
        },
      },
    ],
  },
];

/** Every Terraform type a sweep observes. */
export const LISTED_TYPES: readonly string[] = LISTINGS.flatMap(({ resources }) =>
  resources.map(({ type }) => type),
);
