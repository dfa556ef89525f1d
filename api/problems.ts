// Errors as RFC 9457 problems: code → status, title, docs anchor. Only `public` texts get out; causes stay in the log.
import { DriftError, type ErrorCode } from '../runtime/errors.ts';
import type { Problem } from './types.ts';

interface Answer {
  status: number;
  title: string;
  /** What is said when the error brings no public text of its own. */
  detail: string;
}

const later =
  'It may work in a moment: try again. If it does not, the log has the reason under the correlation id.';
const defect = 'This is a defect of the server. The log has the details under the correlation id.';

/** Every code has a row, and a section of the same name in docs/errors.md (a test holds that). */
const ANSWERS: Record<ErrorCode, Answer> = {
  DM_CONFIG_INVALID: { status: 500, title: 'Configuration is invalid', detail: defect },
  DM_DATA_LOCKED: { status: 503, title: 'Data directory is in use', detail: later },
  DM_LOG_CORRUPT: { status: 500, title: 'The log is damaged', detail: defect },
  DM_LOG_FAILED: { status: 503, title: 'The log cannot be written', detail: later },
  DM_LOG_CLOSED: { status: 503, title: 'The server is stopping', detail: later },
  DM_FENCED: { status: 503, title: 'Another process took over', detail: later },
  DM_SCHEMA_INCOMPATIBLE: { status: 500, title: 'Schemas do not fit', detail: defect },
  DM_SCHEMA_UNKNOWN: { status: 500, title: 'Schema is unknown', detail: defect },
  DM_REGISTRY_UNREACHABLE: { status: 503, title: 'Schema registry does not answer', detail: later },
  DM_EVENT_NEWER: { status: 503, title: 'An event is newer than this server', detail: later },
  DM_EVENT_UNDECODABLE: { status: 500, title: 'An event cannot be decoded', detail: defect },
  DM_EVENT_REFUSED: { status: 422, title: 'Event refused', detail: 'The event was refused.' },
  DM_BLOB_MISSING: { status: 404, title: 'Stored content is missing', detail: 'Its stored content is gone.' },
  DM_BLOB_UNREADABLE: { status: 500, title: 'Stored content is unreadable', detail: defect },
  DM_BLOBS_UNREACHABLE: { status: 503, title: 'Blob storage does not answer', detail: later },
  DM_DATABASE_UNREACHABLE: { status: 503, title: 'Database does not answer', detail: later },
  DM_DATABASE_FAILED: { status: 500, title: 'Database query failed', detail: defect },
  DM_INPUT_INVALID: {
    status: 400,
    title: 'Input is invalid',
    detail: 'The request has mistakes: mend them and send it again.',
  },
  DM_INPUT_TOO_LARGE: {
    status: 413,
    title: 'Input is too large',
    detail: 'The body is larger than this route takes.',
  },
  DM_STATE_UNREADABLE: {
    status: 422,
    title: 'State is unreadable',
    detail: 'The Terraform state cannot be read.',
  },
  DM_STATE_LOCKED: {
    status: 423,
    title: 'State is locked',
    detail: 'Someone else holds the lock of the state.',
  },
  DM_STATE_CONFLICT: {
    status: 409,
    title: 'State conflict',
    detail: 'The state is not what the writer thinks.',
  },
  DM_PROVIDER_FAILED: { status: 502, title: 'Provider failed', detail: later },
  DM_PROVIDER_THROTTLED: { status: 503, title: 'Provider throttles', detail: later },
  DM_NOT_FOUND: { status: 404, title: 'Not found', detail: 'There is nothing at this address.' },
  DM_REQUEST_REFUSED: { status: 409, title: 'Request refused', detail: 'The request was refused.' },
  DM_UNAUTHENTICATED: {
    status: 401,
    title: 'Not authenticated',
    detail: 'Send an API key or a JWT: `Authorization: Bearer <key>`. The first key is in <data>/admin.key.',
  },
  DM_FORBIDDEN: { status: 403, title: 'Not allowed', detail: 'The key does not allow this.' },
  DM_RATE_LIMITED: { status: 429, title: 'Too many requests', detail: 'Wait as long as retry-after says.' },
  DM_TIMEOUT: { status: 504, title: 'Took too long', detail: later },
  DM_INTERNAL: { status: 500, title: 'Internal error', detail: defect },
};

export interface Mistake {
  path: string;
  message: string;
}

/** Parameters that are wrong, all of them at once. */
export class InputMistakes extends DriftError {
  readonly mistakes: Mistake[];
  constructor(mistakes: Mistake[]) {
    super('input is invalid', {
      code: 'DM_INPUT_INVALID',
      retriable: false,
      public: mistakes.map((mistake) => `${mistake.path} ${mistake.message}`).join('; '),
    });
    this.mistakes = mistakes;
  }
}

export const notFound = (what: string): DriftError =>
  new DriftError(`${what} not found`, {
    code: 'DM_NOT_FOUND',
    retriable: false,
    public: `There is no ${what}.`,
  });

/** Addresses of the docs, as this server serves them. */
export const DOCS = '/docs/errors.md';

export function problemOf(error: unknown, at: { path: string; correlationId: string }): Problem {
  const code = codeOf(error);
  const answer = ANSWERS[code];
  return {
    type: `${DOCS}#${code.toLowerCase()}`,
    title: answer.title,
    status: answer.status,
    detail: (error instanceof DriftError ? error.public : publicTextOf(error)) ?? answer.detail,
    instance: at.path,
    code: code.toLowerCase(),
    correlationId: at.correlationId,
    ...(error instanceof InputMistakes ? { errors: error.mistakes } : {}),
  };
}

/** What a system says that starts, stops, or moves work between processes: whoever asks again is served. Nothing has failed. */
export const isOrdinary = (error: unknown): boolean =>
  error instanceof DriftError && (error.code === 'DM_LOG_CLOSED' || error.code === 'DM_FENCED');

function codeOf(error: unknown): ErrorCode {
  if (error instanceof DriftError) return error.code;
  return CODE_OF_STATUS[statusOf(error)] ?? 'DM_INTERNAL';
}

/** What the HTTP layer itself refuses, by the status it chose: never a defect of ours. */
const CODE_OF_STATUS: Record<number, ErrorCode> = {
  400: 'DM_INPUT_INVALID',
  401: 'DM_UNAUTHENTICATED',
  403: 'DM_FORBIDDEN',
  404: 'DM_NOT_FOUND',
  405: 'DM_NOT_FOUND',
  413: 'DM_INPUT_TOO_LARGE',
  414: 'DM_INPUT_INVALID',
  415: 'DM_INPUT_INVALID',
  429: 'DM_RATE_LIMITED',
};

function statusOf(error: unknown): number {
  const status = error instanceof Error && 'statusCode' in error ? error.statusCode : undefined;
  return typeof status === 'number' ? status : 500;
}

/** The HTTP layer's own texts speak of the request only ("Unexpected end of JSON input"); no one else's get out. */
function publicTextOf(error: unknown): string | undefined {
  const status = statusOf(error);
  return error instanceof Error && status >= 400 && status < 500 ? error.message : undefined;
}
