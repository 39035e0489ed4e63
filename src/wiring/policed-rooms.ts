import type { RoomClient } from '../durable/room/client.ts';
import type { FederationClient } from '../federation/client.ts';
import { askPolicyServer } from '../federation/operations/ask-policy-server.ts';
import { badGateway, eyrieConflict, MatrixError } from '../matrix/error.ts';
import { isJsonObject, type JsonObject } from '../matrix/json/json-value.ts';
import { parseJson } from '../matrix/json/strict-json.ts';
import { policyNeededBy, type PolicyNeeded } from '../room/policy/policy-needed.ts';

/** A second try is for an event that had to be built anew, because the room went on meanwhile. */
const MAX_ASKED = 2;

type Call = (call: object) => Promise<unknown>;

/**
 * The rooms, of which those with a policy server have it look at our events before they are sent: the room never
 * fetches, so it refuses the first call, and gets it again with the answer.
 * Source: Server-Server API, "Asking for a Policy Server signature on an event".
 */
export function policedRooms(rooms: RoomClient, client: Pick<FederationClient, 'request'>): RoomClient {
  return new Proxy({} as RoomClient, {
    get: (_target, method: keyof RoomClient) => (call: object) =>
      callPoliced(rooms[method] as unknown as Call, call, client),
  });
}

async function callPoliced(method: Call, call: object, client: Pick<FederationClient, 'request'>): Promise<unknown> {
  let input = call;
  for (let asked = 0; ; asked += 1) {
    try {
      return await method(input);
    } catch (error) {
      const needed = policyNeededBy(error);
      if (needed === undefined) throw error;
      if (asked >= MAX_ASKED) throw eyrieConflict('The room changed while its policy server was asked');
      const { eventId, json } = needed;
      input = { ...call, policed: { eventId, json, signatures: await signaturesOf(client, needed) } };
    }
  }
}

/** Other errcodes would be taken for ours: `M_UNKNOWN_TOKEN` ends a session. Source: same, `POST /sign`. */
const REFUSALS: ReadonlySet<string> = new Set(['M_FORBIDDEN', 'M_LIMIT_EXCEEDED']);

/** Throws the policy server's own words where it refuses, 502 where it cannot be asked. */
async function signaturesOf(
  client: Pick<FederationClient, 'request'>,
  { server, json }: PolicyNeeded,
): Promise<JsonObject> {
  const pdu = parseJson(json);
  if (!pdu.ok || !isJsonObject(pdu.value)) throw new Error('an event of ours is not JSON');
  const answer = await askPolicyServer(client, { destination: server, pdu: pdu.value });
  if (answer.ok) return answer.value;
  const { reason } = answer;
  if (reason.kind === 'refused' && reason.status < 500) {
    const { status, errcode, error = 'Refused by the policy server of the room' } = reason;
    if (errcode !== undefined && status !== 401 && REFUSALS.has(errcode)) throw new MatrixError(status, errcode, error);
  }
  throw badGateway(`The policy server of the room, ${server}, could not be asked`);
}
