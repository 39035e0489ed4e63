// State of a join whose server's key could not be fetched: it enters when the key is there (contracts, section 3).
import type { Pdu } from '../../matrix/event/pdu.ts';
import type { EventId } from '../../matrix/ids/brands.ts';
import type { RoomContext } from '../room-context.ts';
import type { JoinEventRow, RoomStore } from '../store.ts';
import { storeOutliers } from './join-events.ts';

/** Of what waits for other events, what one turn looks at. */
const PASS = 2_000;

/** Left out for longer than this, it stays so. */
export const LEFT_OUT_LIFE_MS = 7 * 86_400_000;

/** @param statePos where the state before the join stands on the main line. */
export function noteLeftOut({ store, now }: RoomContext, statePos: number): void {
  const isComplete = !store.joinEvents.hasUnverified();
  store.meta.set('state_complete', String(isComplete));
  store.meta.set('join_state_pos', String(statePos));
  store.meta.set('joined_at', String(now));
  store.joinEvents.clear(isComplete ? 'all' : 'stored');
}

export function hasLeftOut({ meta }: Pick<RoomStore, 'meta'>): boolean {
  return meta.get('state_complete') === 'false';
}

/** Since when state is left out (ms). */
export function leftOutSince({ meta }: Pick<RoomStore, 'meta'>): number {
  return Number(meta.get('joined_at') ?? '0');
}

/**
 * Takes up events of which the signatures are checked by now, and what waited for them. One that is of the state before
 * the join enters that state, and with a `state` row the present one, unless its key has changed since.
 * @param forged those whose signature turned out to be missing or wrong.
 */
export function enterLeftOut(
  ctx: RoomContext,
  verified: readonly Pdu[],
  forged: readonly EventId[],
  read: (row: JoinEventRow) => Pdu,
): void {
  const { store } = ctx;
  for (const eventId of forged) store.joinEvents.remove(eventId);
  let open = [...verified, ...openRows(store).map(read)];
  const lacking = new Set(storeOutliers(ctx, open).map(({ eventId }) => eventId));
  open = open.filter(({ eventId }) => !lacking.has(eventId));
  for (const pdu of verified) if (lacking.has(pdu.eventId)) store.joinEvents.verified(pdu.eventId);
  for (const pdu of open) {
    if (store.joinEvents.isState(pdu.eventId)) enterState(ctx, pdu);
    store.joinEvents.remove(pdu.eventId);
  }
  if (!store.joinEvents.hasUnverified()) completeState(store);
}

function openRows(store: RoomStore): readonly JoinEventRow[] {
  return store.joinEvents.open(0, PASS);
}

function enterState(ctx: RoomContext, pdu: Pdu): void {
  const { store } = ctx;
  const { type, stateKey, eventId } = pdu;
  const pos = Number(store.meta.get('join_state_pos') ?? '0');
  if (stateKey === undefined || store.events.get(eventId)?.status === 'rejected') return;
  if (store.state.at(type, stateKey, pos) !== undefined) return;
  const membership = type === 'm.room.member' ? pdu.content['membership'] : undefined;
  store.state.enter(type, stateKey, eventId, pos, typeof membership === 'string' ? membership : undefined);
  if (store.state.at(type, stateKey, store.stream.head()) !== eventId) return;
  store.stream.append({ kind: 'state', type, stateKey, eventId, before: undefined });
}

/** What now still waits rests on events that nobody gave. */
function completeState({ meta, joinEvents }: RoomStore): void {
  meta.set('state_complete', 'true');
  joinEvents.clear('all');
}

/** Gives up what has been left out for too long: the state stays incomplete. */
export function dropLeftOut({ store }: RoomContext): void {
  store.joinEvents.clear('all');
}
