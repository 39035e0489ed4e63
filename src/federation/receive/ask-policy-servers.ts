// While a room answers `needs`: the signature of its policy server.
import { withPolicySignature } from '../../matrix/event/policy-signature.ts';
import type { FederationClient } from '../client.ts';
import { askPolicyServer } from '../operations/ask-policy-server.ts';
import type { Candidate } from './candidates.ts';

/**
 * Asks for a signature on each event that lacks nothing else. One that gets none is decided without.
 * @returns whether any was asked for.
 */
export async function askPolicyServers(
  client: Pick<FederationClient, 'request'>,
  candidates: readonly Candidate[],
): Promise<boolean> {
  const asked = await Promise.all(candidates.map((candidate) => ask(client, candidate)));
  return asked.includes(true);
}

async function ask(client: Pick<FederationClient, 'request'>, candidate: Candidate): Promise<boolean> {
  const { verdict, pdu } = candidate;
  if (verdict?.kind !== 'needs' || verdict.policy === undefined || candidate.isPolicyAsked) return false;
  const answer = await askPolicyServer(client, { destination: verdict.policy, pdu: pdu.json });
  if (answer.ok) candidate.pdu = withPolicySignature(pdu, verdict.policy, answer.value);
  candidate.isPolicyAsked = true;
  return true;
}
