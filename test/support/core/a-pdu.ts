import { createHash } from 'node:crypto';
import type { Pdu } from '../../../src/matrix/event/pdu.ts';
import type { EventId, RoomId, UserId } from '../../../src/matrix/ids/brands.ts';
import type { JsonObject } from '../../../src/matrix/json/json-value.ts';
import type { RoomVersionRules } from '../../../src/matrix/room-versions/rules.ts';

/** What a test says of an event; a builder fills in the rest. */
export interface EventDraft {
  readonly type: string;
  readonly sender: UserId;
  /** Left out: a message event. */
  readonly stateKey?: string | undefined;
  readonly content?: JsonObject;
  readonly roomId?: RoomId;
  readonly prevEvents?: readonly EventId[];
  readonly authEvents?: readonly EventId[];
  readonly depth?: number;
  readonly originServerTs?: number;
  readonly redacts?: EventId;
  /** For versions in which servers choose it. Otherwise, and if left out, made from the event. */
  readonly eventId?: EventId;
  /** Further keys at the top level of the event. */
  readonly extra?: JsonObject;
}

/**
 * A PDU in the format of its room version, without hashes and signatures. Its ID has the version's form but is no
 * reference hash; equal drafts have equal IDs.
 */
export function aPdu(rules: RoomVersionRules, draft: EventDraft): Pdu {
  const { type, sender, stateKey, content = {}, prevEvents = [], authEvents = [], depth = 1, redacts } = draft;
  const originServerTs = draft.originServerTs ?? 1_700_000_000_000 + depth;
  const edges = (ids: readonly EventId[]) => (rules.edgesArePairs ? ids.map((id) => [id, { sha256: '' }]) : ids);
  const ownRoomId = rules.roomIdIsCreateEvent && type === 'm.room.create' ? undefined : draft.roomId;
  const fullContent = redacts !== undefined && rules.redactsInContent ? { redacts, ...content } : content;
  const json = present({
    room_id: ownRoomId,
    type,
    sender,
    state_key: stateKey,
    content: fullContent,
    prev_events: edges(prevEvents),
    auth_events: edges(authEvents),
    depth,
    origin_server_ts: originServerTs,
    redacts: rules.redactsInContent ? undefined : redacts,
    ...draft.extra,
  });
  const eventId = draft.eventId ?? idOf(rules, json, sender);
  return {
    eventId,
    roomId: ownRoomId ?? (`!${eventId.slice(1)}` as RoomId),
    type,
    sender,
    stateKey,
    content: fullContent,
    prevEvents,
    authEvents,
    depth,
    originServerTs,
    redacts,
    json: rules.eventId === 'sender' ? { event_id: eventId, ...json } : json,
  };
}

/** Leaves out the keys without a value: JSON has none. */
function present(json: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(json).filter(([, value]) => value !== undefined));
}

function idOf(rules: RoomVersionRules, json: JsonObject, sender: UserId): EventId {
  const hash = createHash('sha256').update(JSON.stringify(json));
  const server = sender.slice(sender.indexOf(':') + 1);
  if (rules.eventId === 'sender') return `$${hash.digest('hex').slice(0, 18)}:${server}` as EventId;
  const encoding = rules.eventId === 'hash-standard' ? 'base64' : 'base64url';
  return `$${hash.digest(encoding).replace('=', '')}` as EventId;
}
