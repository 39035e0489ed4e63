import { stateTuple } from '../../matrix/event/state-map.ts';
import { notFound } from '../../matrix/error.ts';
import type { EventId } from '../../matrix/ids/brands.ts';
import { moveEnds } from '../decide/extremities.ts';
import { requireLive } from '../lifecycle.ts';
import type { RoomContext } from '../room-context.ts';
import { claimedState } from './claimed-state.ts';
import { refOf, resolveRefs } from './resolve.ts';
import { withChange } from './state-at.ts';

/** The state before an event of ours as another server claims it; all of it is stored. */
export interface ExtremityClaim {
  readonly eventId: EventId;
  readonly state: readonly EventId[];
}

/** An entry of the state that is otherwise now; `undefined`: nobody holds it. */
export interface StateChange {
  readonly type: string;
  readonly stateKey: string;
  readonly eventId: EventId | undefined;
}

/** So many are told. */
const MAX_CHANGES = 1_000;

/**
 * An administrator's repair: what another server says the state was before our forward extremities is resolved with what
 * we think, and the current state becomes that after them. Nothing of ours is given up because it was claimed to be
 * otherwise: state resolution decides, by the rules of the room.
 * @returns how many entries of the current state changed, and the first of them. Throws `M_NOT_FOUND` for a room that we are not in.
 */
export function adoptClaims(
  ctx: RoomContext,
  claims: readonly ExtremityClaim[],
): { readonly changed: number; readonly changes: readonly StateChange[] } {
  const { store } = ctx;
  requireLive(store.meta);
  const head = store.stream.head();
  const forward = store.extremities.forward();
  for (const { eventId, state } of claims) {
    const event = store.events.get(eventId);
    // The room may have gone on while the state was fetched.
    if (event?.before === undefined || !forward.includes(eventId)) continue;
    const before = refOf(ctx, resolveRefs(ctx, [event.before, claimedState(ctx, state, head)]));
    const { type, stateKey } = event.pdu;
    const after = stateKey === undefined ? before : withChange(store, before, stateTuple(type, stateKey), eventId);
    store.events.update({ ...event, before, after });
  }
  if (forward.length === 0) throw notFound('The room has no events');
  moveEnds(ctx, forward);
  const end = store.stream.head();
  const changes = store.stream
    .range(head, end, MAX_CHANGES)
    .flatMap((row) => (row.kind === 'state' ? [{ type: row.type, stateKey: row.stateKey, eventId: row.eventId }] : []));
  return { changed: end - head, changes };
}
