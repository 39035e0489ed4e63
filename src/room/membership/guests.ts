import { MatrixError } from '../../matrix/error.ts';
import type { UserId } from '../../matrix/ids/brands.ts';
import { policyServerOf } from '../policy/policy-server.ts';
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
 * After any decision: our guests leave a room that admits none any more, some at a time.
 * Source: Client-Server API, "Guest access".
 */
export function removeGuests(ctx: RoomContext): void {
  const { store } = ctx;
  if (!hasUnwantedGuests(store)) return;
  for (const userId of store.localUsers.guests().slice(0, AT_ONCE)) {
    if (isJoined(store, userId)) leave(ctx, userId);
    store.localUsers.setGuest(userId, false);
  }
}

function isJoined(store: RoomStore, userId: UserId): boolean {
  const eventId = store.state.at('m.room.member', userId, store.stream.head());
  return eventId !== undefined && store.events.get(eventId)?.pdu.content['membership'] === 'join';
}

/** What was decided stands, whatever becomes of the guest. */
function leave(ctx: RoomContext, userId: UserId): void {
  const content = { membership: 'leave', reason: 'This room admits no guests any more' };
  try {
    sendEvent(ctx, { type: 'm.room.member', sender: userId, stateKey: userId, content });
  } catch (error) {
    if (!(error instanceof MatrixError)) throw error;
  }
}
