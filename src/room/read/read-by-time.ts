import type { UserId } from '../../matrix/ids/brands.ts';
import type { RoomStore } from '../store.ts';
import { closestEvent, type ClosestEvent, type TimeQuery } from './closest-event.ts';
import { requireReadable } from './read-messages.ts';
import { sightOf } from './sight.ts';

/** Throws `M_FORBIDDEN` for who may not read the room. */
export function readByTime(store: RoomStore, query: TimeQuery & { readonly userId: UserId }): ClosestEvent {
  const sight = sightOf(store, query.userId);
  requireReadable(store, sight);
  return closestEvent(store, query, (event) => sight.maySee(event));
}
