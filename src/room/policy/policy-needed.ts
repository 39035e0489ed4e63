import { MatrixError } from '../../matrix/error.ts';
import type { Pdu } from '../../matrix/event/pdu.ts';
import type { EventId, ServerName } from '../../matrix/ids/brands.ts';
import { canonicalJson } from '../../matrix/json/canonical-json.ts';
import type { JsonObject } from '../../matrix/json/json-value.ts';
import type { Verdict } from '../decide/verdict.ts';

/** An event that a policy server was asked about, and what it answered. */
export interface PolicedEvent {
  readonly eventId: EventId;
  /** Canonical JSON, as it was when the server was asked. */
  readonly json: string;
  /** `{server: {keyId: signature}}`; empty where it gave none. */
  readonly signatures: JsonObject;
}

/** What the Worker has to ask before it calls again. Never seen by clients. */
export interface PolicyNeeded {
  readonly server: ServerName;
  readonly eventId: EventId;
  readonly json: string;
}

const ERRCODE = 'EYRIE_POLICY_NEEDED';

/** Throws what {@link policyNeededBy} reads, for an event that waits for its policy server. */
export function requirePolicyAsked(verdict: Verdict, { eventId, json }: Pdu): void {
  if (verdict.kind !== 'needs' || verdict.policy === undefined) return;
  const needed: PolicyNeeded = { server: verdict.policy, eventId, json: canonicalJson(json) };
  throw new MatrixError(503, ERRCODE, 'The policy server has to be asked', { ...needed });
}

export function policyNeededBy(error: unknown): PolicyNeeded | undefined {
  if (!(error instanceof MatrixError) || error.errcode !== ERRCODE) return undefined;
  return error.extra as unknown as PolicyNeeded;
}
