import type { UserId } from '../../matrix/ids/brands.ts';
import { policyServerOf } from '../policy/policy-server.ts';
import { isJoined } from '../receipts/receipt-edu.ts';
import type { RoomContext } from '../room-context.ts';
import { sendEvent } from '../send/send-event.ts';
import type { RoomStore } from '../store.ts';

/** Guests who leave in one transaction. */
const AT_ONCE = 50;

/** Source: Client-Server API, "Guest access". */
export function admitsGuests(store: Pick<RoomStore, 'state' | 'events' | 'stream'>): boolean {
  const eventId = store.state.at('m.room.guest_access', '', store.stream.head());
  return eventId !== undefined && store.events.get(eventId)?.pdu.content['guest_access'] === 'can_join';
}

/** Whether guests of ours are in a room that admits none any more. */
export function hasUnwantedGuests(store: RoomStore): boolean {
  if (store.localUsers.guests().length === 0 || store.meta.lifecycle() !== 'live') return false;
  return !admitsGuests(store) && policyServerOf(store) === undefined;
}

/**
 * Our guests leave a room that admits none any more, some at a time. Who cannot leave stays a guest, for the next time.
 * Source: Client-Server API, "Guest access".
 * @returns whether anybody has left.
 */
export function removeGuests(ctx: RoomContext): boolean {
  const { store } = ctx;
  if (!hasUnwantedGuests(store)) return false;
  const gone = store.localUsers
    .guests()
    .slice(0, AT_ONCE)
    .filter((userId) => !isJoined(store, userId) || hasLeft(ctx, userId));
  for (const userId of gone) store.localUsers.setGuest(userId, false);
  return gone.length > 0;
}

function hasLeft(ctx: RoomContext, userId: UserId): boolean {
  const content = { membership: 'leave', reason: 'This room admits no guests any more' };
  // What throws takes back what it wrote, and nothing of what was decided before.
  return ctx.attempt(() => sendEvent(ctx, { type: 'm.room.member', sender: userId, stateKey: userId, content })).ok;
}
