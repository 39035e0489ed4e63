import * as v from 'valibot';

import { badJson, notJson } from '../../matrix/error.ts';
import type { EventFilter } from '../../matrix/event/event-filter.ts';
import type { RoomId } from '../../matrix/ids/brands.ts';
import { isJsonObject } from '../../matrix/json/json-value.ts';
import { parseJson } from '../../matrix/json/strict-json.ts';

const Strings = v.optional(v.array(v.string()));
const UserIds = v.optional(v.array(v.pipe(v.string(), v.startsWith('@'))));
/** IDs of rooms that a filter names. */
export const RoomIds = v.optional(v.array(v.pipe(v.string(), v.startsWith('!'))));

/** Source: Client-Server API, "Filtering", `EventFilter`. */
export const EventFilterSchema = v.object({
  // NOTSPEC: it "must be an integer greater than 0", but there are clients that ask for no timeline by 0.
  limit: v.optional(v.pipe(v.number(), v.integer(), v.minValue(0))),
  types: Strings,
  not_types: Strings,
  senders: UserIds,
  not_senders: UserIds,
});

/** Source: Client-Server API, "Filtering", `RoomEventFilter`. */
export const RoomEventFilter = v.object({
  ...EventFilterSchema.entries,
  rooms: RoomIds,
  not_rooms: RoomIds,
  contains_url: v.optional(v.boolean()),
  lazy_load_members: v.optional(v.boolean(), false),
  include_redundant_members: v.optional(v.boolean(), false),
  unread_thread_notifications: v.optional(v.boolean()),
  related_by_rel_types: Strings,
  related_by_senders: Strings,
});

export type RoomEventFilter = v.InferOutput<typeof RoomEventFilter>;

/** Reads the query parameter `filter`. Throws `M_NOT_JSON` or `M_BAD_JSON`. */
export function filterParam(text: string | undefined): RoomEventFilter {
  const parsed = parseJson(text ?? '{}');
  if (!parsed.ok) throw notJson('filter is not JSON');
  // A schema of an object lets lists through.
  if (!isJsonObject(parsed.value)) throw badJson('filter is no object');
  const checked = v.safeParse(RoomEventFilter, parsed.value);
  if (!checked.success) throw badJson(`filter has a wrong value at ${v.getDotPath(checked.issues[0]) ?? 'its top'}`);
  return checked.output;
}

/** What the filter asks of the events of one room. */
export function eventFilterFor(roomId: RoomId, filter: RoomEventFilter): EventFilter {
  const isLeftOut =
    filter.not_rooms?.includes(roomId) === true || (filter.rooms !== undefined && !filter.rooms.includes(roomId));
  return {
    ...(filter.types === undefined ? {} : { types: filter.types }),
    ...(filter.not_types === undefined ? {} : { notTypes: filter.not_types }),
    ...(filter.senders === undefined ? {} : { senders: filter.senders }),
    ...(filter.not_senders === undefined ? {} : { notSenders: filter.not_senders }),
    ...(filter.contains_url === undefined ? {} : { containsUrl: filter.contains_url }),
    ...(filter.related_by_rel_types === undefined ? {} : { relatedByRelTypes: filter.related_by_rel_types }),
    ...(filter.related_by_senders === undefined ? {} : { relatedBySenders: filter.related_by_senders }),
    ...(isLeftOut ? { types: [] } : {}),
  };
}
