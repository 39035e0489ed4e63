import { invalidParam } from '../matrix/error.ts';
import { parsePdu } from '../matrix/event/format.ts';
import { contentHashHolds } from '../matrix/event/hashes.ts';
import type { Pdu } from '../matrix/event/pdu.ts';
import { stripJson } from '../matrix/event/strip.ts';
import type { RoomId } from '../matrix/ids/brands.ts';
import { canonicalJson } from '../matrix/json/canonical-json.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../matrix/json/json-value.ts';
import type { RoomVersionRules } from '../matrix/room-versions/rules.ts';
import type { PduChecker } from './ports.ts';

/** Each entry may cost the keys of a server. */
const MAX_ENTRIES = 50;
/** Kept for the invited user; a row of a room may have 2 MB. */
const MAX_BYTES = 524_288;

/**
 * Reads `invite_room_state`: what an invited user may know of the room, cut down to stripped state.
 *
 * From room version 12 on, whose IDs are hashes, every entry must be a signed event of that very room, the create event
 * among them: `M_INVALID_PARAM`. Before, nothing is asked and what is no state of the room is left out: the specification
 * wants invites of such rooms not to fail, and older servers send stripped state, which nobody could check.
 * Source: Server-Server API, "Inviting to a room" and `PUT /v2/invite/{roomId}/{eventId}` (since 1.16).
 */
export async function receivedInviteState(
  pdus: PduChecker,
  rules: RoomVersionRules,
  roomId: RoomId,
  state: JsonValue | undefined,
): Promise<readonly JsonObject[]> {
  const entries: readonly JsonValue[] = Array.isArray(state) ? state.slice(0, MAX_ENTRIES) : [];
  const objects = entries.filter(isJsonObject);
  if (!rules.roomIdIsCreateEvent)
    return stripped(objects.filter(({ room_id: of }) => of === undefined || of === roomId));
  if (objects.length < entries.length) throw invalidParam('invite_room_state holds what is no event');
  const events = eventsOfRoom(rules, roomId, objects);
  return stripped((await checked(pdus, rules, events)).map(({ json }) => json));
}

/**
 * The same for `knock_room_state`. The knock is taken already: what is not signed, or no event of the room, is left out.
 * Source: Server-Server API, `PUT /v1/send_knock/{roomId}/{eventId}` (since 1.16).
 */
export async function receivedKnockState(
  pdus: PduChecker,
  rules: RoomVersionRules,
  roomId: RoomId,
  state: readonly JsonObject[],
): Promise<readonly JsonObject[]> {
  const entries = state.slice(0, MAX_ENTRIES);
  if (!rules.roomIdIsCreateEvent) {
    return stripped(entries.filter(({ room_id: of }) => of === undefined || of === roomId));
  }
  const events = entries.flatMap((json) => {
    const pdu = parsePdu(rules, json);
    return pdu.ok && pdu.value.roomId === roomId ? [pdu.value.json] : [];
  });
  return stripped((await pdus.check(rules, events)).map(({ json }) => json));
}

function eventsOfRoom(rules: RoomVersionRules, roomId: RoomId, objects: readonly JsonObject[]): readonly Pdu[] {
  const parsed = objects.map((json) => parsePdu(rules, json));
  const events = parsed.flatMap((pdu) => (pdu.ok ? [pdu.value] : []));
  if (events.length < objects.length)
    throw invalidParam('invite_room_state holds what is no event of the room version');
  if (events.some((event) => event.roomId !== roomId)) throw invalidParam('invite_room_state is of another room');
  const create = events.find(isCreate);
  if (create === undefined) throw invalidParam('invite_room_state lacks the create event');
  if (create.content['room_version'] !== rules.id) throw invalidParam('The create event is of another room version');
  return events;
}

/** What a server that is down had to sign is left out, but for the create event: the room ID is its hash. */
async function checked(pdus: PduChecker, rules: RoomVersionRules, events: readonly Pdu[]): Promise<readonly Pdu[]> {
  const signed = await pdus.check(
    rules,
    events.map(({ json }) => json),
  );
  const byId = new Map(signed.map((event) => [event.eventId, event]));
  const kept: Pdu[] = [];
  for (const event of events) {
    const intact = byId.get(event.eventId);
    if (intact === undefined && (await pdus.isForged(rules, event))) {
      throw invalidParam('invite_room_state holds an event that is not signed');
    }
    if (intact !== undefined) kept.push(intact);
    else if (isCreate(event) && contentHashHolds(event.json)) kept.push(event);
  }
  return kept;
}

const isCreate = ({ type, stateKey }: Pdu): boolean => type === 'm.room.create' && stateKey === '';

function stripped(objects: readonly JsonObject[]): readonly JsonObject[] {
  const kept: JsonObject[] = [];
  let bytes = 0;
  for (const json of objects) {
    const event = stripJson(json);
    if (event === undefined) continue;
    bytes += Buffer.byteLength(canonicalJson({ ...event }));
    if (bytes > MAX_BYTES) break;
    kept.push({ ...event });
  }
  return kept;
}
