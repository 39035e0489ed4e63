// POST /_matrix/client/v3/search (Client-Server API, "Server Side Search")
import { Hono } from 'hono';
import * as v from 'valibot';

import { SEARCH_KEYS } from '../../../matrix/discovery/event-text.ts';
import { invalidParam, unrecognized } from '../../../matrix/error.ts';
import { passesFilter } from '../../../matrix/event/event-filter.ts';
import type { RoomId } from '../../../matrix/ids/brands.ts';
import { searchMessages, type FoundMessages, type MessageSearch } from '../../../rooms/finding/search-messages.ts';
import { parseSearchToken } from '../../../rooms/finding/search-token.ts';
import { jsonBody } from '../../middleware/json-body.ts';
import { deviceScope, type Requester } from '../from-user.ts';
import { eventFilterFor, RoomEventFilter } from '../room-event-filter.ts';
import { inRoom } from '../room-event.ts';
import type { FindingDeps } from './deps.ts';

const USUAL = 10;
const MOST = 50;
const USUAL_CONTEXT = 5;
const MOST_CONTEXT = 20;

const Limit = v.optional(v.pipe(v.number(), v.integer(), v.minValue(0)), USUAL_CONTEXT);

const Criteria = v.object({
  search_term: v.pipe(v.string(), v.maxLength(10_000)),
  keys: v.optional(v.array(v.picklist(['content.body', 'content.name', 'content.topic']))),
  filter: v.optional(RoomEventFilter),
  order_by: v.optional(v.picklist(['recent', 'rank']), 'rank'),
  event_context: v.optional(
    v.object({ before_limit: Limit, after_limit: Limit, include_profile: v.optional(v.boolean(), false) }),
  ),
  include_state: v.optional(v.boolean(), false),
  groupings: v.optional(
    v.object({ group_by: v.optional(v.array(v.object({ key: v.picklist(['room_id', 'sender']) }))) }),
  ),
});

const Body = v.object({ search_categories: v.object({ room_events: v.optional(Criteria) }) });

type Deps = Pick<FindingDeps, 'requireUser' | 'search' | 'ignoredUsers'>;

export const search = ({ requireUser, search: deps, ignoredUsers }: Deps) =>
  new Hono().post('/_matrix/client/v3/search', requireUser, jsonBody(Body), async (c) => {
    if (deps === undefined) throw unrecognized('Messages cannot be searched on this server: it has no database for it');
    const { room_events: criteria } = c.req.valid('json').search_categories;
    if (criteria === undefined) return c.json({ search_categories: {} });
    const { requester } = c.var;
    const ignored = await ignoredUsers(requester);
    const from = c.req.query('next_batch');
    const found = await searchMessages(deps, { ...searchOf(criteria, requester, from), ignoredUsers: ignored });
    return c.json({ search_categories: { room_events: shown(found) } });
  });

/** Throws `M_INVALID_PARAM`. */
function searchOf(
  criteria: v.InferOutput<typeof Criteria>,
  requester: Requester,
  nextBatch: string | undefined,
): Omit<MessageSearch, 'ignoredUsers'> {
  const from = nextBatch === undefined || nextBatch === '' ? undefined : parseSearchToken(nextBatch);
  if (nextBatch !== undefined && nextBatch !== '' && from === undefined) {
    throw invalidParam('next_batch is no token of a search');
  }
  const wanted = criteria.filter ?? v.parse(RoomEventFilter, {});
  const { rooms, not_rooms: notRooms, ...ofEvents } = wanted;
  const filter = eventFilterFor('' as RoomId, ofEvents);
  const keys = criteria.keys ?? (['content.body', 'content.name', 'content.topic'] as const);
  const { types, notTypes } = filter;
  const ofTypes = { ...(types === undefined ? {} : { types }), ...(notTypes === undefined ? {} : { notTypes }) };
  return {
    userId: requester.userId,
    scope: deviceScope(requester),
    term: criteria.search_term,
    types: [...new Set(keys.map((key) => SEARCH_KEYS[key]))].filter((type) =>
      passesFilter(ofTypes, { type, sender: requester.userId, content: {} }),
    ),
    order: criteria.order_by,
    limit: Math.min(Math.max(wanted.limit ?? USUAL, 1), MOST),
    from,
    senders: filter.senders,
    notSenders: filter.notSenders,
    isIn: (roomId) => rooms?.includes(roomId) !== false && notRooms?.includes(roomId) !== true,
    filter,
    context: contextOf(criteria.event_context),
    groupBy: [...new Set((criteria.groupings?.group_by ?? []).map(({ key }) => key))],
    includeState: criteria.include_state,
  };
}

function contextOf(wanted: v.InferOutput<typeof Criteria>['event_context']): MessageSearch['context'] {
  if (wanted === undefined) return undefined;
  return {
    before: Math.min(wanted.before_limit, MOST_CONTEXT),
    after: Math.min(wanted.after_limit, MOST_CONTEXT),
    profiles: wanted.include_profile,
  };
}

function shown({ results, count, highlights, next, groups, state }: FoundMessages) {
  return {
    count,
    highlights,
    results: results.map(({ event, context, roomId, rank }) => ({
      rank,
      result: inRoom(roomId)(event),
      ...(context === undefined
        ? {}
        : {
            context: {
              ...context,
              events_before: context.events_before.map(inRoom(roomId)),
              events_after: context.events_after.map(inRoom(roomId)),
            },
          }),
    })),
    ...(Object.keys(groups).length === 0 ? {} : { groups }),
    ...(state.length === 0
      ? {}
      : { state: Object.fromEntries(state.map(({ roomId, events }) => [roomId, events.map(inRoom(roomId))])) }),
    ...(next === undefined ? {} : { next_batch: next }),
  };
}
