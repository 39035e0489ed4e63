// GET /_matrix/federation/v1/event/{eventId} (Server-Server API, "Retrieving events")
import type { EventId, ServerName } from '../../matrix/ids/brands.ts';
import type { JsonObject } from '../../matrix/json/json-value.ts';
import { allow, deny } from '../../matrix/result.ts';
import { requestTarget, type FederationClient, type FederationResult } from '../client.ts';
import { objectList } from './answer-shape.ts';

/** @returns the PDU as it came: that it is the one that was asked for has to be checked by its event ID. */
export async function getEvent(
  client: Pick<FederationClient, 'request'>,
  args: { readonly destination: ServerName; readonly eventId: EventId },
): Promise<FederationResult<JsonObject>> {
  const target = requestTarget('/_matrix/federation/v1/event/{}', [args.eventId]);
  const answer = await client.request({ destination: args.destination, method: 'GET', target });
  if (!answer.ok) return answer;
  const pdus = objectList(answer.value, 'pdus');
  if (!pdus.ok) return pdus;
  const [pdu] = pdus.value;
  return pdu === undefined ? deny({ kind: 'garbage', reason: 'no event in the answer' }) : allow(pdu);
}
