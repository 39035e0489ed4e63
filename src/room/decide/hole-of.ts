import { userIdServer } from '../../matrix/ids/user-id.ts';
import type { RoomContext } from '../room-context.ts';
import type { HistoryKey, RoomStore } from '../store.ts';
import { lowestChild } from './lowest-child.ts';
import type { IncomingPdu } from './verdict.ts';

/**
 * The place of an event that others of ours follow: in the hole below them.
 * @returns `undefined` for a new event.
 */
export function holeOf(store: Pick<RoomStore, 'events' | 'history'>, incoming: IncomingPdu): HistoryKey | undefined {
  if (incoming.hole !== undefined) return incoming.hole ?? undefined;
  const follower = lowestChild(store, incoming.pdu.eventId);
  return follower && { anchor: follower.anchor, sub: store.history.lowestSub(follower.anchor) - 1 };
}

/**
 * Whether an event belongs into the hole below the join with which we came (back) into the room. Only such a join of
 * ours has one: whatever else our users send is built on what we have.
 */
export function isBeforeOurTime(ctx: RoomContext, incoming: IncomingPdu): boolean {
  const { store } = ctx;
  const anchor = holeOf(store, incoming)?.anchor;
  if (anchor === undefined) return false;
  const [row] = store.stream.range(anchor - 1, anchor, 1);
  if (row?.kind !== 'event') return false;
  const above = store.events.get(row.eventId)?.pdu;
  if (above?.type !== 'm.room.member' || above.content['membership'] !== 'join') return false;
  return above.stateKey === above.sender && userIdServer(above.sender) === ctx.serverName;
}
