// A remote join: signed → streaming → live, each step in storage (contracts, section 3).
import { checkAuth } from '../../matrix/auth/check-auth.ts';
import type { Pdu } from '../../matrix/event/pdu.ts';
import { stateTuple, type StateTuple } from '../../matrix/event/state-map.ts';
import { badGateway, unavailable } from '../../matrix/error.ts';
import type { EventId, ServerName, UserId } from '../../matrix/ids/brands.ts';
import { canonicalJson } from '../../matrix/json/canonical-json.ts';
import { checkAuthEvents } from '../decide/check-auth-events.ts';
import { visibilityAt } from '../decide/event-visibility.ts';
import { setCurrentState } from '../decide/set-current-state.ts';
import { newEvent } from '../new-event.ts';
import { takeUpParked } from '../park/receive.ts';
import type { RoomContext } from '../room-context.ts';
import type { Sent } from '../send/send-event.ts';
import { authStateOf } from '../state/state-at.ts';
import type { StoredEvent } from '../store.ts';

export interface JoinStart {
  readonly userId: UserId;
  readonly shard: string;
  /** Built from a resident's template and signed by us. */
  readonly pdu: Pdu;
  readonly servers: readonly ServerName[];
}

/** A join that is older than this and did not end is taken over by the next one. */
const JOIN_LIFE_MS = 120_000;

/**
 * Stores the signed join before it is sent. One join at a time per room: throws 503 while another is under way, and
 * where one has ended by now: the user joins here then.
 */
export function startJoin(ctx: RoomContext, { userId, shard, pdu, servers }: JoinStart): void {
  const { store } = ctx;
  if (store.meta.lifecycle() === 'live') throw unavailable('This server is in the room by now: try again');
  const running = store.sagas.get('join', 'room');
  const isOwn = running !== undefined && (JSON.parse(running.data) as { userId: UserId }).userId === userId;
  if (running !== undefined && !isOwn && ctx.now - running.at < JOIN_LIFE_MS) {
    throw unavailable('Another user of this server is joining this room: try again');
  }
  store.localUsers.setShard(userId, shard);
  if (store.meta.lifecycle() !== 'left') store.meta.setLifecycle('joining');
  store.sagas.put({
    kind: 'join',
    key: 'room',
    step: 'signed',
    data: JSON.stringify({ userId, servers, eventId: pdu.eventId, json: canonicalJson(pdu.json) }),
    at: ctx.now,
  });
}

/** A join that failed: the room is again what it was. One that another join has taken over changes nothing. */
export function abandonJoin(ctx: RoomContext, eventId: EventId): void {
  const { store } = ctx;
  if (!isRunning(ctx, eventId)) return;
  store.sagas.remove('join', 'room');
  if (store.meta.lifecycle() !== 'joining') return;
  store.meta.setLifecycle(store.sagas.all('invite').length > 0 ? 'stub' : 'unborn');
}

function isRunning({ store }: RoomContext, eventId: EventId): boolean {
  const saga = store.sagas.get('join', 'room');
  return saga !== undefined && (JSON.parse(saga.data) as { readonly eventId: EventId }).eventId === eventId;
}

/**
 * Stores events of the answer as outliers: each after its auth events, which it is checked against (check 4). One that
 * fails is kept as rejected. What lacks an auth event is put off.
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
  const { store } = ctx;
  if (store.events.has(pdu.eventId)) return true;
  if (!pdu.authEvents.every((id) => store.events.has(id))) return false;
  if (pdu.type === 'm.room.create' && store.meta.createEventId() === undefined) {
    store.meta.set('create_event_id', pdu.eventId);
  }
  const verdict = checkAuthEvents(ctx, pdu);
  store.events.insert(
    verdict.ok ? newEvent(ctx, pdu) : { ...newEvent(ctx, pdu), status: 'rejected', reason: verdict.reason },
  );
  return true;
}

export interface JoinEnd {
  /** The join as the resident returned it; its signatures are merged. */
  readonly pdu: Pdu;
  readonly userId: UserId;
  /** The state before the join, all of it stored. */
  readonly state: readonly EventId[];
}

/**
 * Makes the room live, in one transaction: extremities := the join, the state of the answer on the main line, a gap
 * below, the membership. Throws 502 when the join does not pass the rules by that state: nothing of it stays then; 503
 * when another join has taken over.
 */
export function finishJoin(ctx: RoomContext, { pdu, userId, state }: JoinEnd): Sent {
  const { store, rules } = ctx;
  if (!isRunning(ctx, pdu.eventId)) throw unavailable('Another join has taken over: try again');
  const target = stateOf(ctx, state);
  // First the main line becomes the state before the join, so that the join is judged and stored as any event.
  store.stream.append({ kind: 'gap' });
  const head = store.stream.head();
  const changes = new Map<StateTuple, EventId | undefined>(target);
  for (const tuple of store.state.allAt(head).keys()) if (!target.has(tuple)) changes.set(tuple, undefined);
  setCurrentState(ctx, { pos: head, changes });
  const before = { pos: store.stream.head(), group: null };
  const verdict = checkAuth(rules, pdu, authStateOf(store, before));
  const byAuthEvents = checkAuthEvents(ctx, pdu);
  if (!verdict.ok || !byAuthEvents.ok) throw badGateway('The other server let us join against the rules of the room');
  const pos = store.stream.append({ kind: 'event', eventId: pdu.eventId });
  const stored = store.events.get(pdu.eventId);
  const event: StoredEvent = {
    ...newEvent(ctx, pdu),
    status: 'accepted',
    pos,
    history: { anchor: pos, sub: 0 },
    visibility: visibilityAt(ctx, pdu, before),
    before,
  };
  if (stored === undefined) store.events.insert(event);
  else store.events.update(event);
  for (const id of store.extremities.forward()) store.extremities.removeForward(id);
  store.extremities.addForward(pdu.eventId);
  for (const parent of pdu.prevEvents) {
    if (store.events.get(parent)?.after === undefined) store.extremities.addBackward(parent, pdu.eventId);
  }
  setCurrentState(ctx, {
    pos: before.pos,
    changes: new Map([[stateTuple('m.room.member', userId), pdu.eventId]]),
  });
  store.events.update({ ...event, after: { pos: store.stream.head(), group: null } });
  store.meta.setLifecycle('live');
  store.sagas.remove('join', 'room');
  store.sagas.remove('invite', userId);
  store.sagas.remove('rejection', userId);
  // What came meanwhile: on top of the join at once, the rest by asking for what it lacks.
  takeUpParked(ctx, [pdu.eventId]);
  store.parked.putOff(undefined, ctx.now);
  return { eventId: pdu.eventId, pos: store.stream.head() };
}

function stateOf(ctx: RoomContext, ids: readonly EventId[]): Map<StateTuple, EventId> {
  const target = new Map<StateTuple, EventId>();
  for (const id of ids) {
    const event = ctx.store.events.get(id);
    if (event?.pdu.stateKey === undefined || event.status === 'rejected') continue;
    target.set(stateTuple(event.pdu.type, event.pdu.stateKey), id);
  }
  if (!target.has(stateTuple('m.room.create', ''))) throw badGateway('The other server gave no create event');
  return target;
}
