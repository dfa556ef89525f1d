// What a row of the tables is, and readers that several rows use. Pure.
import type { JsonObject } from '../../schemas/index.ts';
import { idText, inside, type Told, text, texts } from './fields.ts';

/** What rows may need from other lists of the same sweep. */
export interface Known {
  /** Certificate id → name; an id that is not there cannot be told. */
  certificates: ReadonlyMap<string, string>;
}

export interface ResourceRow {
  type: string;
  /** The resources in one listed item; by default the item itself. */
  within?: (item: JsonObject) => JsonObject[];
  /** Id in the form the state (or, where the provider makes one up, our identity rule) holds it. */
  id: (item: JsonObject, parent: JsonObject) => string | undefined;
  attributes: Record<string, (item: JsonObject, parent: JsonObject, known: Known) => Told>;
  /** Who owns one that no state declares. */
  ownedBy?: (item: JsonObject, parent: JsonObject) => string | null;
}

export interface Listing {
  /** Unique; other listings name it as `per`. */
  name: string;
  /** The path; for a listing per element of another one, from that element. */
  path: (parent: JsonObject) => string;
  /** Further paths of the same list, where one request does not give all of it. */
  also?: readonly string[];
  per?: { listing: string; when?: (parent: JsonObject) => boolean };
  /** Member of the answer that holds the items. A listing that is not paged may hold one object's parts. */
  key: string;
  /** The whole answer is one item. */
  single?: boolean;
  resources: readonly ResourceRow[];
}

export const field =
  <T extends Told>(read: (value: Told) => T, name: string) =>
  (item: JsonObject): T =>
    read(item[name]);
export const regionSlug = (item: JsonObject): Told => text(inside(item, 'region').slug);
export const own = (item: JsonObject): string | undefined => idText(item.id);
/** Tags that DigitalOcean and the provider add by themselves; the provider leaves them out of the state too. */
export const ownTags = (value: Told): Told =>
  texts(value)?.filter((name) => !/^(k8s:|terraform:)/.test(name) && name !== 'k8s');
export const kubernetesOwner = (item: JsonObject): string | null => {
  const tag = texts(item.tags)?.find((name) => /^k8s:[0-9a-f-]{36}$/.test(name));
  return tag === undefined ? null : `Kubernetes cluster ${tag.slice(4)}`;
};
