import type { EventId, RoomId, UserId } from '../ids/brands.ts';
import { isJsonObject, SourceNumber, type JsonObject } from '../json/json-value.ts';
import type { RoomVersionRules } from '../room-versions/rules.ts';
import type { Pdu } from './pdu.ts';
import { redactsOf } from './redacts.ts';

/**
 * Reads back a PDU that passed {@link ./format.ts} before it was stored: nothing is checked or hashed again.
 * @param json what was stored: the PDU without `unsigned`.
 */
export function pduFromStored(rules: RoomVersionRules, roomId: RoomId, eventId: EventId, json: JsonObject): Pdu {
  const content = json['content'];
  const object = isJsonObject(content) ? content : {};
  const { type, sender, state_key: stateKey, depth, origin_server_ts: originServerTs } = json;
  return {
    eventId,
    roomId,
    type: typeof type === 'string' ? type : '',
    sender: (typeof sender === 'string' ? sender : '') as UserId,
    stateKey: typeof stateKey === 'string' ? stateKey : undefined,
    content: object,
    prevEvents: edges(rules, json['prev_events']),
    authEvents: edges(rules, json['auth_events']),
    depth: integerOf(depth),
    originServerTs: integerOf(originServerTs),
    redacts: redactsOf(rules, json),
    json,
  };
}

/** Room versions 1 to 5 know integers of 64 bits, which keep their source text. */
function integerOf(value: JsonObject[string]): number {
  return value instanceof SourceNumber ? Number(value.source) : Number(value);
}

function edges(rules: RoomVersionRules, value: JsonObject[string]): readonly EventId[] {
  if (!Array.isArray(value)) return [];
  return rules.edgesArePairs ? value.map((pair) => pair[0] as EventId) : (value as EventId[]);
}
