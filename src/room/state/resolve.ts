import type { PduSource } from '../../matrix/event/pdu.ts';
import { authChainByChildren } from '../../matrix/state-res/auth-chain-by-children.ts';
import { resolveState } from '../../matrix/state-res/resolve-state.ts';
import { splitStateTuple, type StateTuple } from '../../matrix/event/state-map.ts';
import type { EventId } from '../../matrix/ids/brands.ts';
import type { RoomContext } from '../room-context.ts';
import type { StateRef } from '../store.ts';
import { deltaFrom } from './state-at.ts';

/** A state as its difference from the main line at `pos`. */
export interface ResolvedState {
  readonly pos: number;
  readonly changes: ReadonlyMap<StateTuple, EventId | undefined>;
}

/** A state resolution would have visited more of the graph than one turn may. */
export class TooMuchWorkError extends Error {
  constructor() {
    super('state resolution needs too much work');
    this.name = 'TooMuchWorkError';
  }
}

/**
 * Resolves several states of the room: each is taken as its difference from the main line at the newest of their
 * base positions, so that the work grows with the differences and not with the room.
 * Source: "State resolution" of the room version's page.
 */
export function resolveRefs(ctx: RoomContext, refs: readonly StateRef[]): ResolvedState {
  const { store, rules } = ctx;
  const distinct = [...new Map(refs.map((ref) => [`${ref.pos}/${ref.group}`, ref])).values()];
  const basePos = Math.max(...distinct.map(({ pos }) => pos));
  const sets = distinct.map((ref) => ({ changes: deltaFrom(store, ref, basePos) }));
  const [only] = sets;
  if (sets.length === 1 && only !== undefined) return { pos: basePos, changes: only.changes };
  const base = (tuple: StateTuple): EventId | undefined => {
    const { type, stateKey } = splitStateTuple(tuple);
    return store.state.at(type, stateKey, basePos);
  };
  const events: PduSource = (eventId) => store.events.get(eventId)?.pdu;
  const height = (eventId: EventId) => store.events.get(eventId)?.authHeight;
  const resolved = resolveState({
    rules,
    base,
    sets,
    events,
    isRejected: (eventId) => store.events.get(eventId)?.status === 'rejected',
    authChain: authChainByChildren(base, { events, height, authChildren: (id) => store.events.authChildren(id) }),
  });
  // Fails closed: the decision is rolled back and its event parked (contracts, section 4.6).
  if (!resolved.ok) throw new TooMuchWorkError();
  return { pos: basePos, changes: resolved.value };
}

/** Stores a resolved state, unless it is the main line itself. */
export function refOf(ctx: RoomContext, { pos, changes }: ResolvedState): StateRef {
  const different = new Map(
    [...changes].filter(([tuple, eventId]) => {
      const { type, stateKey } = splitStateTuple(tuple);
      return ctx.store.state.at(type, stateKey, pos) !== eventId;
    }),
  );
  return { pos, group: different.size === 0 ? null : ctx.store.state.addGroup(pos, different) };
}
