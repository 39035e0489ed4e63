import { splitStateTuple } from '../../matrix/event/state-map.ts';
import type { UserId } from '../../matrix/ids/brands.ts';
import type { RoomStore } from '../store.ts';
import type { StateInterval } from '../state-store.ts';

/** Members of a room that are told to somebody who comes. */
const MAX_MEMBERS = 10_000;
const PRESENT = ['join', 'invite'];

export interface MovesQuery {
  /** Left out: who asks sees the room all the time, as an application service does. */
  readonly userId?: UserId;
  /** `undefined`: unknown, so that whoever is there may have come. */
  readonly from: number | undefined;
  readonly to: number;
}

/** Who began and who ended to share the room with a user, in a range of its stream. */
export interface DeviceListMoves {
  readonly came: readonly UserId[];
  readonly went: readonly UserId[];
}

type Store = Pick<RoomStore, 'state'>;

/**
 * Whoever is invited counts as present, since messages are encrypted for them too; who came back, or accepted an
 * invitation, came. Of very large rooms the members that were there first are told.
 * Source: Client-Server API, "Tracking the device list for a user", "Extensions to /sync".
 */
export function deviceListMoves({ state }: Store, { userId, from, to }: MovesQuery): DeviceListMoves {
  if (userId === undefined) {
    return from === undefined
      ? { came: state.firstMembers(PRESENT, to, MAX_MEMBERS), went: [] }
      : changesOf(state, { from, to });
  }
  const own = state.memberships(userId);
  const isIn = membershipAt(own, to) === 'join';
  const wasIn = from !== undefined && membershipAt(own, from) === 'join';
  const others = (pos: number) => state.firstMembers(PRESENT, pos, MAX_MEMBERS).filter((member) => member !== userId);
  if (!isIn) return { came: [], went: wasIn ? others(from) : [] };
  if (!wasIn || own.some((interval) => isCome(own, interval, from, to))) {
    const there = others(to);
    const isThere = new Set(there);
    return { came: there, went: wasIn ? others(from).filter((member) => !isThere.has(member)) : [] };
  }
  return changesOf(state, { userId, from, to });
}

function changesOf(
  state: Store['state'],
  { userId, from, to }: Pick<MovesQuery, 'userId'> & { readonly from: number; readonly to: number },
): DeviceListMoves {
  const came: UserId[] = [];
  const went: UserId[] = [];
  for (const tuple of state.changesBetween(from, to).keys()) {
    const { type, stateKey } = splitStateTuple(tuple);
    if (type !== 'm.room.member' || stateKey === userId) continue;
    const intervals = state.memberships(stateKey);
    const member = stateKey as UserId;
    if (!isPresent(membershipAt(intervals, to))) {
      if (isPresent(membershipAt(intervals, from))) went.push(member);
    } else if (intervals.some((interval) => isCome(intervals, interval, from, to))) came.push(member);
  }
  return { came, went };
}

/** Whether an interval begins in a range and is more than the one before with another name or picture. */
function isCome(intervals: readonly StateInterval[], interval: StateInterval, from: number, to: number): boolean {
  const { fromPos, membership } = interval;
  if (fromPos <= from || fromPos > to || !isPresent(membership)) return false;
  return !intervals.some((before) => before.toPos === fromPos && before.membership === membership);
}

const isPresent = (membership: string | undefined): boolean => membership !== undefined && PRESENT.includes(membership);

function membershipAt(intervals: readonly StateInterval[], pos: number): string | undefined {
  return intervals.find(({ fromPos, toPos }) => fromPos <= pos && toPos > pos)?.membership;
}
