// The one error class of expected trouble. The code says what happened; `retriable` has no default on purpose.
export const ERROR_CODES = [
  'DM_CONFIG_INVALID',
  'DM_DATA_LOCKED',
  'DM_LOG_CORRUPT',
  'DM_LOG_CLOSED',
  'DM_LOG_FAILED',
  'DM_FENCED',
  'DM_SCHEMA_INCOMPATIBLE',
  'DM_SCHEMA_UNKNOWN',
  'DM_REGISTRY_UNREACHABLE',
  'DM_EVENT_NEWER',
  'DM_EVENT_UNDECODABLE',
  'DM_EVENT_REFUSED',
  'DM_BLOB_MISSING',
  'DM_BLOB_UNREADABLE',
  'DM_BLOBS_UNREACHABLE',
  'DM_DATABASE_UNREACHABLE',
  'DM_DATABASE_FAILED',
  'DM_INPUT_INVALID',
  'DM_INPUT_TOO_LARGE',
  'DM_STATE_UNREADABLE',
  'DM_STATE_LOCKED',
  'DM_STATE_CONFLICT',
  'DM_PROVIDER_FAILED',
  'DM_PROVIDER_THROTTLED',
  'DM_NOT_FOUND',
  'DM_REQUEST_REFUSED',
  'DM_UNAUTHENTICATED',
  'DM_FORBIDDEN',
  'DM_RATE_LIMITED',
  'DM_TIMEOUT',
  'DM_INTERNAL',
] as const;
export type ErrorCode = (typeof ERROR_CODES)[number];

export interface DriftErrorOptions {
  code: ErrorCode;
  /** True when the same call may succeed later with nothing changed. */
  retriable: boolean;
  /** What a person outside may read: what happened, to what, what to do. Never internal detail, never a secret. */
  public?: string;
  cause?: unknown;
}

export class DriftError extends Error {
  readonly code: ErrorCode;
  readonly retriable: boolean;
  readonly public: string | undefined;
  /** `message` is for the log. */
  constructor(message: string, options: DriftErrorOptions) {
    super(message, { cause: options.cause });
    this.name = 'DriftError';
    this.code = options.code;
    this.retriable = options.retriable;
    this.public = options.public;
  }
}

/** What is not a DriftError is a defect: not retriable. */
export const isRetriable = (error: unknown): boolean => error instanceof DriftError && error.retriable;
