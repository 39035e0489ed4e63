import type { JsonObject } from '../../matrix/json/json-value.ts';
import type { SlidingRoom, SlidingRoomAnswer } from './ports.ts';

/**
 * Which form of sliding sync an answer has: that of MSC4186, or that which clients expect of the unstable path.
 * Source: MSC4186, "Changelog".
 */
export type Dialect = 'stable' | 'unstable';

/** Source: MSC4186, `RoomResult`, "Common fields". */
function commonOf(room: SlidingRoom): JsonObject {
  return {
    bump_stamp: room.bumpStamp,
    membership: room.membership,
    ...(room.lists.length === 0 ? {} : { lists: room.lists }),
    ...(room.isDirect || room.isDirectNews ? { is_dm: room.isDirect } : {}),
  };
}

/** Source: MSC4186, "Currently or previously joined rooms". */
export function roomResult(room: SlidingRoom, answer: SlidingRoomAnswer, dialect: Dialect): JsonObject {
  const { initial, limited, expandedTimeline, prevBatch, name, avatar, heroes, counts } = answer;
  const result = {
    ...commonOf(room),
    ...(initial ? { initial } : {}),
    ...(name === undefined ? {} : { name }),
    ...(avatar === undefined ? {} : { avatar }),
    ...(heroes === undefined ? {} : { heroes }),
    ...(counts === undefined ? {} : { joined_count: counts.joined, invited_count: counts.invited }),
    required_state: dialect === 'stable' ? answer.state : answer.state.filter((event) => 'content' in event),
    timeline: answer.timeline,
    // Of events that it has already matrix-js-sdk takes out only what is limited.
    limited: limited || (expandedTimeline && dialect === 'unstable'),
    num_live: answer.numLive,
    ...(prevBatch === undefined ? {} : { prev_batch: prevBatch }),
    ...(expandedTimeline ? { [dialect === 'stable' ? 'expanded_timeline' : 'unstable_expanded_timeline']: true } : {}),
    ...(dialect === 'stable' ? {} : unreadOf(answer)),
  };
  return result as unknown as JsonObject;
}

/** Counts of all threads together: the answer has no others. */
function unreadOf({ unread: { main, threads } }: SlidingRoomAnswer): JsonObject {
  const all = [main, ...Object.values(threads)];
  return {
    notification_count: all.reduce((sum, counts) => sum + counts.notification_count, 0),
    highlight_count: all.reduce((sum, counts) => sum + counts.highlight_count, 0),
  };
}

/** Source: MSC4186, "Invite/knock/rejections". */
export function strippedResult(room: SlidingRoom, events: readonly JsonObject[], dialect: Dialect): JsonObject {
  return {
    ...commonOf(room),
    initial: true,
    [dialect === 'stable' ? 'stripped_state' : 'invite_state']: events,
  };
}
