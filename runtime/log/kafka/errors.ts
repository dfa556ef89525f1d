// What kafkajs and the brokers throw, as errors of ours: which may pass, which are for good, and which say that another
// process has taken over.
import { DriftError } from '../../errors.ts';

/** Errors of brokers, by the type kafkajs gives them (https://kafka.apache.org/protocol#protocol_error_codes). */
const FENCED = new Set([
  'INVALID_PRODUCER_EPOCH',
  'PRODUCER_FENCED',
  'TRANSACTION_COORDINATOR_FENCED',
  'INVALID_PRODUCER_ID_MAPPING',
  'UNKNOWN_PRODUCER_ID',
  'OUT_OF_ORDER_SEQUENCE_NUMBER',
  'INVALID_TXN_STATE',
]);
const TOO_LARGE = new Set(['MESSAGE_TOO_LARGE', 'RECORD_LIST_TOO_LARGE']);
const FOR_GOOD = new Set([
  'TOPIC_AUTHORIZATION_FAILED',
  'GROUP_AUTHORIZATION_FAILED',
  'CLUSTER_AUTHORIZATION_FAILED',
  'TRANSACTIONAL_ID_AUTHORIZATION_FAILED',
  'SASL_AUTHENTICATION_FAILED',
  'UNSUPPORTED_SASL_MECHANISM',
  'ILLEGAL_SASL_STATE',
  'UNSUPPORTED_VERSION',
  'UNSUPPORTED_FOR_MESSAGE_FORMAT',
  'INVALID_CONFIG',
  'POLICY_VIOLATION',
]);
/** The broker number 90 (a producer was fenced), which kafkajs has no name for. */
const PRODUCER_FENCED = 90;

/** The type of a broker's error, also when kafkajs has wrapped it. */
export function typeOf(error: unknown): string {
  let at: unknown = error;
  for (let depth = 0; depth < 5 && typeof at === 'object' && at !== null; depth++) {
    const { type, code, cause, errors } = at as Record<'type' | 'code' | 'cause' | 'errors', unknown>;
    if (code === PRODUCER_FENCED) return 'PRODUCER_FENCED';
    if (typeof type === 'string') return type;
    at = Array.isArray(errors) ? errors[0] : cause;
  }
  return error instanceof Error ? error.name : 'unknown';
}

/** `what` was being done, without secrets: the error's own text goes to the log only. */
export function kafkaError(what: string, error: unknown): DriftError {
  if (error instanceof DriftError) return error;
  const type = typeOf(error);
  const message = `${what}: ${error instanceof Error ? error.message : String(error)}`;
  if (FENCED.has(type))
    return new DriftError(message, {
      code: 'DM_FENCED',
      retriable: true,
      cause: error,
      public: 'Another process has taken over this work.',
    });
  if (TOO_LARGE.has(type))
    return new DriftError(message, {
      code: 'DM_INPUT_TOO_LARGE',
      retriable: false,
      cause: error,
      public:
        'A record is larger than the cluster takes. Raise max.message.bytes of the topic, and message.max.bytes of its brokers.',
    });
  if (FOR_GOOD.has(type) || type === 'KafkaJSSASLAuthenticationError')
    return new DriftError(message, {
      code: 'DM_LOG_FAILED',
      retriable: false,
      cause: error,
      public: `Kafka refuses DriftMgr: ${type}. Check kafka.username, kafka.password, and what that user may do.`,
    });
  return new DriftError(message, {
    code: 'DM_LOG_FAILED',
    retriable: true,
    cause: error,
    public: 'Kafka cannot be reached or does not answer. DriftMgr tries again; check that the brokers run.',
  });
}
