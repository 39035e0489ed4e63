import { contentHash } from '../../../src/matrix/event/hashes.ts';
import type { JsonObject, JsonValue } from '../../../src/matrix/json/json-value.ts';
import { rulesOf } from './rules-of.ts';

/** A room ID as version 12 makes them. */
export const hashedRoomId = `!${'h'.repeat(43)}`;

/**
 * A message that is well-formed in the given room version, as another server sends it. Its signature is made up.
 * @param changes what differs; `undefined` takes a key away.
 */
export function pduJson(version: string, changes: Record<string, JsonValue | undefined> = {}): JsonObject {
  const rules = rulesOf(version);
  const edge = (id: string): JsonValue => (rules.edgesArePairs ? [`${id}:two.test`, { sha256: 'aGFzaA' }] : id);
  const all: Record<string, JsonValue | undefined> = {
    room_id: rules.roomIdIsCreateEvent ? hashedRoomId : '!room:one.test',
    ...(rules.eventId === 'sender' ? { event_id: '$event:one.test' } : {}),
    sender: '@alice:one.test',
    type: 'm.room.message',
    content: { body: 'hello', msgtype: 'm.text' },
    origin_server_ts: 1_700_000_000_000,
    depth: 7,
    prev_events: [edge('$prev')],
    auth_events: [edge('$auth')],
    ...changes,
  };
  const unhashed: Record<string, JsonValue> = {};
  for (const [key, value] of Object.entries(all)) if (value !== undefined) unhashed[key] = value;
  const signed = { signatures: { 'one.test': { 'ed25519:1': 'c2lnbmF0dXJl' } }, ...unhashed };
  const made: JsonObject = 'hashes' in all ? signed : { hashes: { sha256: contentHash(unhashed) }, ...signed };
  if (!('signatures' in all) || all.signatures !== undefined) return made;
  const { signatures: _signatures, ...unsigned } = made;
  return unsigned;
}
