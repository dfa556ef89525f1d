// Who made a reported change, through what, and how sure that is. Pure.
//
// A reporter says `via` itself, or leaves it to the user agent and the configured principals. Certainty is about `via`, as for
// CloudTrail: for what is trusted (terraform, pipeline, service) it is `high` only where what the report says and a configured
// principal agree; console, CLI and SDK gain nothing by being forged, and are `high` where the reporter says so.
import type { Actor, Certainty, Via } from '../../schemas/index.ts';
import type { Attribution } from '../aws/attribution.ts';
import type { Report } from './report.ts';

/** Terraform as its providers sign: azurerm, google, digitalocean and those on the plugin SDK alike. */
const INFRASTRUCTURE_CODE = /(?:^|[\s[(])(?:HashiCorp[\s-]?Terraform|Terraform|OpenTofu|Pulumi)\/v?\d/i;

export function actorOf(report: Report, known: Attribution): Actor {
  const { actor, operation } = report.data;
  const { via, certainty } = meansOf(report, known);
  return {
    principal: actor.principal,
    name: actor.name ?? actor.principal,
    via,
    sourceIp: actor.sourceIp ?? null,
    userAgent: actor.userAgent ?? null,
    session: actor.session ?? null,
    eventIds: [report.id],
    operations: [operation],
    certainty,
  };
}

function meansOf(report: Report, known: Attribution): { via: Via; certainty: Certainty } {
  const { via, userAgent, principal, name } = report.data.actor;
  const names = name == null ? [principal] : [principal, name];
  const said = via === undefined || via === 'unknown' ? null : via;
  const signed = userAgent != null && INFRASTRUCTURE_CODE.test(userAgent);
  const applies = known.apply([principal]);
  const answer = (what: Via, sure: boolean): { via: Via; certainty: Certainty } => ({
    via: what,
    certainty: sure ? 'high' : 'low',
  });
  if (said === 'terraform' || (said === null && (signed || applies)))
    return answer('terraform', applies && (signed || said === 'terraform'));
  if (said === 'pipeline' || (said === null && known.pipeline(names)))
    return answer('pipeline', said === 'pipeline' && known.pipeline([principal]));
  if (said === null) return answer('unknown', false);
  return answer(said, said !== 'service');
}
