// What a provider says of a call besides its answer: warnings, and errors that stand in for it. Pure.
import { PluginProblem, type PluginProblemKind } from './host/problem.ts';

export interface Diagnostic {
  severity: string;
  summary: string;
  detail: string;
}

const LONGEST = 600;

/** Words of clouds and their SDKs. Throttling first: some clouds call it a denial too. */
const MEANINGS: readonly (readonly [RegExp, PluginProblemKind])[] = [
  [
    /throttl|too ?many ?requests|rate ?(?:limit )?exceeded|RequestLimitExceeded|SlowDown|\b429\b|TooManyRequests|rateLimitExceeded/i,
    'throttled',
  ],
  [
    /AccessDenied|access denied|UnauthorizedOperation|AuthorizationFailed|Forbidden|\b40[13]\b|ExpiredToken|token (?:is|has) expired|InvalidClientTokenId|invalid credentials|UnrecognizedClient|SignatureDoesNotMatch|AuthFailure|no valid credential|failed to refresh cached credentials|Unable to authenticate|Missing API Key|AADSTS\d+|invalid_grant|PERMISSION_DENIED|UNAUTHENTICATED/i,
    'denied',
  ],
];

const WHAT_TO_DO: Partial<Record<PluginProblemKind, string>> = {
  denied: 'check the credentials of the binding and what they may read',
  throttled: 'it is asked again later',
};

export const meaningOf = (text: string): PluginProblemKind =>
  MEANINGS.find(([words]) => words.test(text))?.[1] ?? 'refused';

/** The warnings; throws when there is an error. `redact` hides the secrets that are known. */
export function warningsOf(
  diagnostics: readonly Diagnostic[] | null | undefined,
  what: string,
  name: string,
  redact: (text: string) => string,
): string[] {
  const text = ({ summary, detail }: Diagnostic): string =>
    redact(detail && detail !== summary ? `${summary}: ${detail}` : summary).slice(0, LONGEST);
  const errors = (diagnostics ?? []).filter(({ severity }) => severity !== 'WARNING');
  if (errors.length > 0) {
    const said = errors.map(text).join(' · ').slice(0, LONGEST);
    const kind = meaningOf(errors.map(({ summary, detail }) => `${summary} ${detail}`).join(' '));
    const mend = WHAT_TO_DO[kind];
    throw new PluginProblem(kind, `${name} refused ${what}: ${said}${mend ? ` (${mend})` : ''}`);
  }
  return (diagnostics ?? []).map(text);
}
