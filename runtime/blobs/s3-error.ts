// What the failures of an S3 client mean.
import { S3ServiceException } from '@aws-sdk/client-s3';
import { DriftError } from '../errors.ts';

/** Answers that stay the same until someone changes the configuration or the bucket. */
const REFUSED = new Set([
  'AccessDenied',
  'AllAccessDisabled',
  'AuthorizationHeaderMalformed',
  'InvalidAccessKeyId',
  'InvalidBucketName',
  'NoSuchBucket',
  'PermanentRedirect',
  'SignatureDoesNotMatch',
]);

/**
 * `place` names bucket and server. A bucket that was in use and now refuses is one that someone will mend: it is tried again,
 * so that nothing is lost. What the SDK says may hold access key ids, which stay in the log; it holds no secrets.
 */
export function s3Error(error: unknown, place: string, inUse: boolean): unknown {
  if (error instanceof DriftError || !(error instanceof Error)) return error;
  const wrong = mistake(error, place);
  if (wrong !== null)
    return new DriftError(`${place} refuses: ${error.name}: ${error.message}`, {
      code: inUse ? 'DM_BLOBS_UNREACHABLE' : 'DM_CONFIG_INVALID',
      retriable: inUse,
      public: wrong,
      cause: error,
    });
  const status = error instanceof S3ServiceException ? error.$metadata.httpStatusCode : undefined;
  return new DriftError(`${place} does not answer: ${error.name}: ${error.message}`, {
    code: 'DM_BLOBS_UNREACHABLE',
    retriable: true,
    public: `The ${place} does not answer${status === undefined ? '' : ` (HTTP ${status})`}: try again in a moment, and look whether the storage is up.`,
    cause: error,
  });
}

/** What someone has to mend; null for what may pass by itself. */
function mistake(error: Error, place: string): string | null {
  if (error.name === 'CredentialsProviderError')
    return `There are no credentials for ${place}: set blobs.accessKeyId and blobs.secretAccessKey, or give the process an AWS profile or role.`;
  if (REFUSED.has(error.name))
    return `The ${place} refuses (${error.name}): check that it exists, and that blobs.region and the credentials are of an account that may list, read, write and delete there.`;
  return null;
}
