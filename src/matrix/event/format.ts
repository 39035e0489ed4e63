import type { EventId, RoomId } from '../ids/brands.ts';
import { parseRoomId } from '../ids/room-id.ts';
import { parseUserId } from '../ids/user-id.ts';
import { canonicalJson, isCanonical } from '../json/canonical-json.ts';
import { isJsonObject } from '../json/json-value.ts';
import type { JsonObject } from '../json/json-value.ts';
import { nestsDeeper } from '../json/strict-json.ts';
import { allow, deny } from '../result.ts';
import type { Result } from '../result.ts';
import type { RoomVersionRules } from '../room-versions/rules.ts';
import { FieldReader } from './field-reader.ts';
import type { FormatFault } from './format-fault.ts';
import { eventIdOf } from './hashes.ts';
import type { Pdu } from './pdu.ts';
import { redactsOf } from './redacts.ts';
import { utf8Length } from './utf8-length.ts';

/** The largest event, as canonical JSON with its signatures. Source: Client-Server API, "Size limits". */
export const maxEventBytes = 65_536;

/**
 * Levels of lists and objects, the event's own among them. NOTSPEC: the specification has no such limit; without one, an
 * event could be too deep for what it is put into or read back by.
 */
export const maxEventLevels = 128;

/** Source: the event format of each room version. */
const maxPrevEvents = 20;
const maxAuthEvents = 10;

const hashedRoomId = /^![A-Za-z0-9_-]{43}$/;

/**
 * Check 1 of the receipt of a PDU: whether JSON is an event in the format of its room version.
 * `unsigned` is dropped unseen and counts for nothing: it belongs to whoever sent this copy. Any other key that the
 * format does not name, `event_id` in versions that compute it included, is kept as received and so is hashed.
 * @param json as parsed from the wire: numbers that JavaScript would rewrite are `SourceNumber`s.
 * @param limitBytes the size above which the event is refused.
 * Source: Server-Server API, "Checks performed on receipt of a PDU"; "Event format" of the room version; Client-Server
 * API, "Size limits".
 */
export function parsePdu(
  rules: RoomVersionRules,
  json: JsonObject,
  limitBytes: number = maxEventBytes,
): Result<Pdu, FormatFault> {
  const { unsigned, ...signed } = json;
  const kept = unsigned === undefined ? json : signed;
  const reader = new FieldReader(kept, !rules.strictCanonicalJson);
  const fields = {
    type: reader.shortText('type'),
    sender: reader.id('sender', parseUserId),
    stateKey: kept.state_key === undefined ? undefined : reader.shortText('state_key'),
    content: reader.object('content'),
    prevEvents: reader.edges('prev_events', maxPrevEvents, rules.edgesArePairs),
    authEvents: reader.edges('auth_events', maxAuthEvents, rules.edgesArePairs),
    depth: readDepth(reader),
    originServerTs: reader.integer('origin_server_ts'),
    redacts: redactsOf(rules, kept),
    json: kept,
  };
  checkRedacts(rules, kept, reader);
  checkHashesAndSignatures(reader);
  const fault = reader.fault ?? checkWhole(rules, kept, limitBytes);
  if (fault !== undefined) return deny(fault);
  return withIds(rules, fields);
}

function readDepth(reader: FieldReader): number {
  const depth = reader.integer('depth');
  if (depth < 0) reader.fail({ kind: 'out-of-range', key: 'depth' });
  return depth;
}

/** In versions that name it at the top level, a redaction's `redacts` must be a string; what it names may be nonsense. */
function checkRedacts(rules: RoomVersionRules, { type, redacts }: JsonObject, reader: FieldReader): void {
  if (type !== 'm.room.redaction' || rules.redactsInContent || redacts === undefined) return;
  if (typeof redacts !== 'string') reader.fail({ kind: 'wrong-type', key: 'redacts' });
}

function checkHashesAndSignatures(reader: FieldReader): void {
  if (typeof reader.object('hashes').sha256 !== 'string') reader.fail({ kind: 'wrong-type', key: 'hashes' });
  for (const ofServer of Object.values(reader.object('signatures'))) {
    if (!isJsonObject(ofServer) || !Object.values(ofServer).every((signature) => typeof signature === 'string')) {
      reader.fail({ kind: 'wrong-type', key: 'signatures' });
    }
  }
}

function checkWhole(rules: RoomVersionRules, json: JsonObject, limitBytes: number): FormatFault | undefined {
  if (rules.strictCanonicalJson && !isCanonical(json).ok) return { kind: 'not-canonical' };
  const text = canonicalJson(json);
  const sizeBytes = utf8Length(text, limitBytes);
  if (sizeBytes > limitBytes) return { kind: 'too-large', sizeBytes, limitBytes };
  return nestsDeeper(text, maxEventLevels) ? { kind: 'too-deep', limit: maxEventLevels } : undefined;
}

function withIds(rules: RoomVersionRules, fields: Omit<Pdu, 'eventId' | 'roomId'>): Result<Pdu, FormatFault> {
  const eventId = eventIdOf(rules, fields.json);
  if (!eventId.ok) return eventId;
  const roomId = readRoomId(rules, fields, eventId.value);
  return roomId.ok ? allow({ eventId: eventId.value, roomId: roomId.value, ...fields }) : roomId;
}

/** Source: Room Version 12, "Event format" and authorisation rule 1.2; Appendices, "Room IDs". */
function readRoomId(
  rules: RoomVersionRules,
  fields: Pick<Pdu, 'type' | 'json'>,
  eventId: EventId,
): Result<RoomId, FormatFault> {
  const fault = (kind: 'missing' | 'wrong-type' | 'bad-id' | 'unexpected') => deny({ kind, key: 'room_id' });
  const carried = fields.json.room_id;
  if (rules.roomIdIsCreateEvent && fields.type === 'm.room.create') {
    if (carried !== undefined) return fault('unexpected');
    const made = parseRoomId(`!${eventId.slice(1)}`);
    return made.ok ? made : fault('bad-id');
  }
  if (carried === undefined) return fault('missing');
  if (typeof carried !== 'string') return fault('wrong-type');
  const isOfVersion = rules.roomIdIsCreateEvent ? hashedRoomId.test(carried) : carried.includes(':');
  const parsed = parseRoomId(carried);
  return isOfVersion && parsed.ok ? parsed : fault('bad-id');
}
