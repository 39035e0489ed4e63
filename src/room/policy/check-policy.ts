// After check 6: the room's policy server recommends the event; else it is soft-failed.
import { withPolicySignature } from '../../matrix/event/policy-signature.ts';
import type { Pdu } from '../../matrix/event/pdu.ts';
import type { ServerName } from '../../matrix/ids/brands.ts';
import type { IncomingPdu } from '../decide/verdict.ts';
import type { RoomContext } from '../room-context.ts';
import { isExempt, isRecommended, policyServerOf } from './policy-server.ts';

type PolicyCheck =
  | { readonly kind: 'passed'; readonly pdu: Pdu }
  /** The event has no valid signature, and nobody has asked for one yet. */
  | { readonly kind: 'ask'; readonly server: ServerName }
  | { readonly kind: 'refused'; readonly reason: string };

/** Source: Server-Server API, "Validating Policy Server signatures". */
export function checkPolicy(ctx: RoomContext, { pdu, isPolicyAsked }: IncomingPdu): PolicyCheck {
  if (isExempt(pdu)) return { kind: 'passed', pdu };
  const policy = policyServerOf(ctx.store);
  if (policy === undefined) return { kind: 'passed', pdu };
  const { policed } = ctx;
  const isAsked = policed?.eventId === pdu.eventId;
  const signed = isAsked ? withPolicySignature(pdu, policy.server, policed.signatures) : pdu;
  if (isRecommended(ctx, signed, policy)) return { kind: 'passed', pdu: signed };
  const { server } = policy;
  if (isPolicyAsked === true || isAsked) {
    return { kind: 'refused', reason: `the policy server ${server} does not recommend it` };
  }
  return { kind: 'ask', server };
}
