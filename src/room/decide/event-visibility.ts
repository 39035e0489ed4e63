import type { Pdu } from '../../matrix/event/pdu.ts';
import type { RoomContext } from '../room-context.ts';
import { authStateOf } from '../state/state-at.ts';
import type { StateRef } from '../store.ts';

/** From loosest to strictest: whoever may see under one may see under each before it. */
const order = ['world_readable', 'shared', 'invited', 'joined'];

const visibilityOf = (event: Pdu | undefined): string => {
  const value = event?.content['history_visibility'];
  return typeof value === 'string' && order.includes(value) ? value : 'shared';
};

/**
 * The history visibility that holds at an event. One that changes it is seen by whoever may see under the old or the
 * new value, which is the looser of the two. Source: Client-Server API, "Room History Visibility", "Server behaviour".
 */
export function visibilityAt(ctx: RoomContext, pdu: Pdu, before: StateRef): string {
  const old = visibilityOf(authStateOf(ctx.store, before)('m.room.history_visibility', ''));
  if (pdu.type !== 'm.room.history_visibility' || pdu.stateKey !== '') return old;
  const next = visibilityOf(pdu);
  return order.indexOf(next) < order.indexOf(old) ? next : old;
}
