// The demo's DigitalOcean workspace: the stand-in's sample estate, with more droplets and records of the same shape. Pure.
import type { Estate } from '../../producers/digitalocean/stand-in.ts';
import type { Json, JsonObject } from '../../schemas/index.ts';
import type { EstateWorkspace } from './estate.ts';

const MORE_DROPLETS = 60;
const MORE_RECORDS = 67;
const RECORDS = '/v2/domains/example.com/records';

export interface Edge {
  /** What the pretend cloud holds; the story edits it. */
  cloud: Estate;
  workspace: EstateWorkspace;
}

/** `cloud` and `declared` are the stand-in's samples: the same resources as the API and as a state show them. */
export function edge(cloud: Estate, declared: Record<string, JsonObject[]>): Edge {
  const droplet = cloud['/v2/droplets']![0]!;
  const dropletDeclared = declared.digitalocean_droplet![0]!;
  for (let n = 0; n < MORE_DROPLETS; n++) {
    const id = 7_000_000 + n;
    const change = { id, name: `edge-${n}`, volume_ids: [] };
    cloud['/v2/droplets']!.push({ ...structuredClone(droplet), ...change });
    declared.digitalocean_droplet!.push({
      ...structuredClone(dropletDeclared),
      ...change,
      id: String(id),
      urn: `do:droplet:${id}`,
    });
  }
  const recordDeclared = declared.digitalocean_record!.find((record) => record.type === 'A')!;
  const record = cloud[RECORDS]!.find((each) => String(each.id) === recordDeclared.id)!;
  for (let n = 0; n < MORE_RECORDS; n++) {
    const id = 90_000_000 + n;
    const name = `edge-${n}`;
    cloud[RECORDS]!.push({ ...structuredClone(record), id, name });
    declared.digitalocean_record!.push({
      ...structuredClone(recordDeclared),
      id: String(id),
      name,
      fqdn: `${name}.example.com`,
    });
  }
  return {
    cloud,
    workspace: {
      name: 'edge',
      owner: 'team-edge',
      provider: 'registry.terraform.io/digitalocean/digitalocean',
      lineage: '6d1f0a52-9f2e-4c5e-8a61-30f2b1c4e004',
      resources: Object.entries(declared).map(([type, instances]) => ({
        type,
        name: 'this',
        instances: instances.map((attributes, index) => ({ index, attributes })),
      })),
    },
  };
}

/** Sets an attribute of a declared resource, as a refresh writes what it found. */
export function declare(workspace: EstateWorkspace, type: string, attribute: string, value: Json): void {
  const instance = workspace.resources.find((resource) => resource.type === type)?.instances[0];
  if (!instance) throw new Error(`the workspace ${workspace.name} declares no ${type}`);
  instance.attributes[attribute] = value;
}
