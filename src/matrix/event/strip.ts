import { isJsonObject } from '../json/json-value.ts';
import type { JsonObject } from '../json/json-value.ts';
import { plainJson } from '../json/plain-json.ts';
import type { Pdu } from './pdu.ts';

/** A state event cut down to what somebody outside the room may know. Source: Client-Server API, "Stripped state". */
export interface StrippedStateEvent {
  readonly type: string;
  readonly state_key: string;
  readonly sender: string;
  readonly content: JsonObject;
}

/** The types of state, all with an empty state key, that stripped state should hold. Source: "Stripped state". */
export const strippedStateTypes: readonly string[] = [
  'm.room.create',
  'm.room.name',
  'm.room.avatar',
  'm.room.topic',
  'm.room.join_rules',
  'm.room.canonical_alias',
  'm.room.encryption',
];

/** @param pdu a state event. @returns `undefined` for a message event, which has no stripped form. */
export function stripPdu(pdu: Pdu): StrippedStateEvent | undefined {
  if (pdu.stateKey === undefined) return undefined;
  return { type: pdu.type, state_key: pdu.stateKey, sender: pdu.sender, content: plainJson(pdu.content) };
}

/**
 * Cuts an entry of `invite_room_state` or `knock_room_state`, as another server sent it, down to the stripped form:
 * servers do not pass on to clients what they received.
 * @param json a PDU or a stripped event. @returns `undefined` for what is neither.
 * Source: Client-Server API, "Stripped state" (since 1.16).
 */
export function stripJson(json: JsonObject): StrippedStateEvent | undefined {
  const { type, state_key, sender, content } = json;
  if (typeof type !== 'string' || typeof state_key !== 'string' || typeof sender !== 'string') return undefined;
  return isJsonObject(content) ? { type, state_key, sender, content: plainJson(content) } : undefined;
}
