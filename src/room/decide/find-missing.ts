// Before check 4: which parents and auth events we do not have.
import type { EventId } from '../../matrix/ids/brands.ts';
import type { RoomStore } from '../store.ts';
import type { IncomingPdu } from './verdict.ts';

/**
 * Parents must be events of our graph: an outlier has no state before it. With a claim of state, unknown parents are
 * no obstacle any more. Auth events and what is claimed may be outliers.
 */
export function findMissing(
  store: Pick<RoomStore, 'events'>,
  { pdu, claim }: IncomingPdu,
): { readonly prev: readonly EventId[]; readonly auth: readonly EventId[] } | undefined {
  const prev = claim === undefined ? pdu.prevEvents.filter((id) => !inGraph(store, id)) : [];
  // A claim that is known in part would be another state.
  const auth = [...new Set([...pdu.authEvents, ...(claim ?? [])])].filter((id) => !store.events.has(id));
  return prev.length + auth.length === 0 ? undefined : { prev, auth };
}

export function inGraph(store: Pick<RoomStore, 'events'>, eventId: EventId): boolean {
  const stored = store.events.get(eventId);
  return stored !== undefined && stored.after !== undefined;
}

/** A claim of state is dropped if the parents that it stands for have arrived meanwhile (contracts, section 4.3). */
export function withoutStaleClaim(store: Pick<RoomStore, 'events'>, incoming: IncomingPdu): IncomingPdu {
  const { claim, ...rest } = incoming;
  if (claim === undefined || !incoming.pdu.prevEvents.every((id) => inGraph(store, id))) return incoming;
  return rest;
}
