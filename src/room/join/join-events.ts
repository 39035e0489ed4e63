// The events of a join's answer, as they arrive: each is stored after those that it rests on (contracts, section 3).
import type { Pdu } from '../../matrix/event/pdu.ts';
import type { ServerName } from '../../matrix/ids/brands.ts';
import { canonicalJson } from '../../matrix/json/canonical-json.ts';
import { checkAuthEvents } from '../decide/check-auth-events.ts';
import { newEvent } from '../new-event.ts';
import type { RoomContext } from '../room-context.ts';
import type { JoinEventRow, RoomStore } from '../store.ts';
import { requireRun, type JoinRun } from './join-saga.ts';

/** What one turn settles at most. */
const BATCH = 300;

export interface JoinEvent {
  readonly pdu: Pdu;
  /** The server whose key could not be fetched: it is left out until that is there. */
  readonly unverified?: ServerName;
}

/** Keeps what is not stored as an event at once. `isState`: of the state before the join. Throws 503 for an old run. */
export function takeJoinEvents(
  ctx: RoomContext,
  { run, isState, events }: JoinRun & { readonly isState: boolean; readonly events: readonly JoinEvent[] },
): void {
  requireRun(ctx.store, run);
  for (const { pdu, unverified } of events) {
    const isStored = ctx.store.events.has(pdu.eventId) || (unverified === undefined && storeNew(ctx, pdu));
    if (isStored && !isState) continue;
    const json = isStored ? undefined : canonicalJson(pdu.json);
    ctx.store.joinEvents.put({ eventId: pdu.eventId, depth: pdu.depth, isState, json, unverified });
  }
}

/** How far a pass over what waits has come; `offset` is `undefined` after its end. */
export interface Settled {
  readonly offset: number | undefined;
  /** How many could be stored. */
  readonly stored: number;
}

/** Stores some of what waited, of which the auth events are there by now; lowest depth first, which is what senders say. */
export function settleJoin(
  ctx: RoomContext,
  { run, offset, read }: JoinRun & { readonly offset: number; readonly read: (row: JoinEventRow) => Pdu },
): Settled {
  requireRun(ctx.store, run);
  const rows = ctx.store.joinEvents.open(offset, BATCH);
  let stored = 0;
  for (const row of rows) {
    if (!storeOutlier(ctx, read(row))) continue;
    ctx.store.joinEvents.stored(row.eventId);
    stored += 1;
  }
  return { offset: rows.length < BATCH ? undefined : offset + rows.length - stored, stored };
}

/**
 * Stores events that were asked for as outliers: each after its auth events, which it is checked against (check 4). One
 * that fails is kept as rejected. What lacks an auth event is put off.
 * @returns the events that lack auth events.
 */
export function storeOutliers(ctx: RoomContext, pdus: readonly Pdu[]): readonly Pdu[] {
  let open = [...pdus];
  for (;;) {
    const lacking = open.filter((pdu) => !storeOutlier(ctx, pdu));
    if (lacking.length === 0 || lacking.length === open.length) return lacking;
    open = lacking;
  }
}

function storeOutlier(ctx: RoomContext, pdu: Pdu): boolean {
  return ctx.store.events.has(pdu.eventId) || storeNew(ctx, pdu);
}

/** @returns whether it is grounded, and stored therefore. */
function storeNew(ctx: RoomContext, pdu: Pdu): boolean {
  const { store } = ctx;
  if (!isGrounded(store, pdu)) return false;
  // By the rules of another version nothing of the room may be judged: the server lied about the version.
  if (pdu.type === 'm.room.create' && (pdu.content['room_version'] ?? '1') !== ctx.rules.id) return false;
  const verdict = checkAuthEvents(ctx, pdu);
  if (verdict.ok && pdu.type === 'm.room.create' && store.meta.createEventId() === undefined) {
    store.meta.set('create_event_id', pdu.eventId);
  }
  store.events.insert(
    verdict.ok ? newEvent(ctx, pdu) : { ...newEvent(ctx, pdu), status: 'rejected', reason: verdict.reason },
  );
  return true;
}

/** Whether what it is judged by is stored; where no event names the create event, that too. */
function isGrounded({ events, meta }: RoomStore, pdu: Pdu): boolean {
  if (!pdu.authEvents.every((id) => events.has(id))) return false;
  return pdu.type === 'm.room.create' || pdu.authEvents.length > 0 || meta.createEventId() !== undefined;
}
