import type { EventFilter } from '../matrix/event/event-filter.ts';
import { readEventFields, type EventFields } from './event-fields.ts';
import type { RoomId } from '../matrix/ids/brands.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../matrix/json/json-value.ts';

/** What a filter asks of a sync. Source: Client-Server API, "Filtering". */
export interface SyncFilter {
  readonly timelineLimit: number;
  readonly timeline: RoomFilterPart;
  readonly state: RoomFilterPart;
  readonly ephemeral: RoomFilterPart;
  readonly roomAccountData: RoomFilterPart;
  readonly accountData: EventFilter;
  readonly presence: EventFilter;
  readonly lazyLoadMembers: boolean;
  /** Whether unread counts are told by thread. */
  readonly unreadByThread: boolean;
  readonly includeLeave: boolean;
  readonly eventFields: EventFields;
  /** Events are wanted as other servers get them. */
  readonly isRaw: boolean;
  readonly rooms: readonly string[] | undefined;
  readonly notRooms: readonly string[];
}

/** A `RoomEventFilter`: what it asks of the events of one room. */
export type RoomFilterPart = (roomId: RoomId) => EventFilter;

const DEFAULT_LIMIT = 10;
const MAX_LIMIT = 100;

/**
 * Reads a filter definition leniently: what has the wrong shape does not filter. NOTSPEC: of the limits only that of the
 * timeline counts, since what another one cut off of state, receipts or account data would never come.
 */
export function readSyncFilter(definition: JsonObject): SyncFilter {
  const room = objectOf(definition['room']);
  const timeline = objectOf(room['timeline']);
  const state = objectOf(room['state']);
  const { limit } = timeline;
  return {
    timelineLimit: Number.isInteger(limit) ? Math.max(0, Math.min(Number(limit), MAX_LIMIT)) : DEFAULT_LIMIT,
    timeline: readRoomEventFilter(timeline),
    state: readRoomEventFilter(state),
    ephemeral: readRoomEventFilter(objectOf(room['ephemeral'])),
    roomAccountData: readRoomEventFilter(objectOf(room['account_data'])),
    accountData: readEventFilter(objectOf(definition['account_data'])),
    presence: readEventFilter(objectOf(definition['presence'])),
    lazyLoadMembers: state['lazy_load_members'] === true || timeline['lazy_load_members'] === true,
    unreadByThread: timeline['unread_thread_notifications'] === true,
    includeLeave: room['include_leave'] === true,
    eventFields: readEventFields(stringsOf(definition['event_fields'])),
    isRaw: definition['event_format'] === 'federation',
    rooms: stringsOf(room['rooms']),
    notRooms: stringsOf(room['not_rooms']) ?? [],
  };
}

function readRoomEventFilter(json: JsonObject): RoomFilterPart {
  const filter = readEventFilter(json);
  const rooms = stringsOf(json['rooms']);
  const notRooms = stringsOf(json['not_rooms']) ?? [];
  return (roomId) =>
    (rooms === undefined || rooms.includes(roomId)) && !notRooms.includes(roomId) ? filter : { ...filter, types: [] };
}

/** What an `EventFilter` and a `RoomEventFilter` have in common. */
function readEventFilter(json: JsonObject): EventFilter {
  const types = stringsOf(json['types']);
  const notTypes = stringsOf(json['not_types']);
  const senders = stringsOf(json['senders']);
  const notSenders = stringsOf(json['not_senders']);
  const containsUrl = json['contains_url'];
  const relatedByRelTypes = stringsOf(json['related_by_rel_types']);
  const relatedBySenders = stringsOf(json['related_by_senders']);
  return {
    ...(types === undefined ? {} : { types }),
    ...(notTypes === undefined ? {} : { notTypes }),
    ...(senders === undefined ? {} : { senders }),
    ...(notSenders === undefined ? {} : { notSenders }),
    ...(typeof containsUrl === 'boolean' ? { containsUrl } : {}),
    ...(relatedByRelTypes === undefined ? {} : { relatedByRelTypes }),
    ...(relatedBySenders === undefined ? {} : { relatedBySenders }),
  };
}

function objectOf(value: JsonValue | undefined): JsonObject {
  return isJsonObject(value) ? value : {};
}

function stringsOf(value: JsonValue | undefined): readonly string[] | undefined {
  if (!Array.isArray(value)) return undefined;
  return (value as JsonValue[]).filter((item) => typeof item === 'string');
}
