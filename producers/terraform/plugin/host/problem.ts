// What goes wrong with a provider, in words for people. Nothing a provider printed gets in here unredacted.
import { DriftError, type ErrorCode } from '../../../../runtime/errors.ts';

export type PluginProblemKind =
  /** The binary is not where it was, or may not be run. */
  | 'unstartable'
  /** It runs, and is no Terraform provider: no handshake, or another text in its place. */
  | 'not-a-plugin'
  /** It speaks a protocol that we do not. */
  | 'protocol'
  /** It ended by itself. */
  | 'crashed'
  /** It did not answer in time. */
  | 'hung'
  /** It answered that it will not: an error of its own. */
  | 'refused'
  /** The cloud does not let these credentials do it, or they are none any more. */
  | 'denied'
  /** The cloud said that it was asked too often. */
  | 'throttled'
  /** The state was written by a newer version than this one. */
  | 'too-old'
  /** It has no such call, or no such type. */
  | 'unsupported'
  /** It cannot be configured from what is known: its configuration needs other resources. */
  | 'not-configurable'
  /** It was not found, or not in a version that fits. */
  | 'not-found'
  /** It was stopped while it was asked. */
  | 'stopped';

const CODES: Partial<Record<PluginProblemKind, ErrorCode>> = {
  hung: 'DM_TIMEOUT',
  throttled: 'DM_PROVIDER_THROTTLED',
  'not-found': 'DM_NOT_FOUND',
  'not-configurable': 'DM_CONFIG_INVALID',
};
const RETRIABLE: ReadonlySet<PluginProblemKind> = new Set(['crashed', 'hung', 'throttled', 'stopped']);

export class PluginProblem extends DriftError {
  readonly kind: PluginProblemKind;
  constructor(kind: PluginProblemKind, text: string, cause?: unknown) {
    super(text, {
      code: CODES[kind] ?? 'DM_PROVIDER_FAILED',
      retriable: RETRIABLE.has(kind),
      public: text,
      cause,
    });
    this.name = 'PluginProblem';
    this.kind = kind;
  }
}
