// The last step of a remote join: one transaction that makes the room live (contracts, section 3).
import { checkAuth } from '../../matrix/auth/check-auth.ts';
import { badGateway } from '../../matrix/error.ts';
import type { Pdu } from '../../matrix/event/pdu.ts';
import { stateTuple } from '../../matrix/event/state-map.ts';
import { checkAuthEvents } from '../decide/check-auth-events.ts';
import { visibilityAt } from '../decide/event-visibility.ts';
import { setCurrentState } from '../decide/set-current-state.ts';
import { forgetStub } from '../membership/out-of-band.ts';
import { newEvent } from '../new-event.ts';
import { takeUpParked } from '../park/receive.ts';
import type { RoomContext } from '../room-context.ts';
import { endDoubt } from '../servers/doubt.ts';
import type { Sent } from '../send/send-event.ts';
import { authStateOf } from '../state/state-at.ts';
import type { StoredEvent } from '../store.ts';
import { makerOfJoin, requireRun, type JoinRun } from './join-saga.ts';
import { noteLeftOut } from './left-out.ts';

export interface JoinEnd extends JoinRun {
  /** The join as the resident returned it; its signatures are merged. */
  readonly pdu: Pdu;
}

/**
 * Makes the room live, in one transaction: extremities := the join, the state of the answer on the main line, a gap
 * below, the membership. Throws 502 when the join does not pass the rules by that state: nothing of it stays then; 503
 * when another run has taken over.
 */
export function finishJoin(ctx: RoomContext, { pdu, run }: JoinEnd): Sent {
  const { store, rules } = ctx;
  requireRun(store, run);
  // First the main line becomes the state before the join, so that the join is judged and stored as any event.
  takeJoinedState(ctx);
  const before = { pos: store.stream.head(), group: null };
  const verdict = checkAuth(rules, pdu, authStateOf(store, before));
  // What it rests on may be among what is left out.
  const isGrounded = pdu.authEvents.every((id) => store.events.has(id));
  if (!isGrounded || !verdict.ok || !checkAuthEvents(ctx, pdu).ok) {
    throw badGateway('The other server let us join against the rules of the room');
  }
  const pos = store.stream.append({ kind: 'event', eventId: pdu.eventId });
  const stored = store.events.get(pdu.eventId);
  const event: StoredEvent = {
    ...newEvent(ctx, pdu),
    status: 'accepted',
    pos,
    history: { anchor: pos, sub: 0 },
    visibility: visibilityAt(ctx, pdu, before),
    before,
    appservice: ctx.appservice ?? makerOfJoin(store),
  };
  if (stored === undefined) store.events.insert(event);
  else store.events.update(event);
  for (const id of store.extremities.forward()) store.extremities.removeForward(id);
  store.extremities.addForward(pdu.eventId);
  for (const parent of pdu.prevEvents) {
    if (store.events.get(parent)?.after === undefined) store.extremities.addBackward(parent, pdu.eventId);
  }
  const { sender: userId } = pdu;
  setCurrentState(ctx, {
    pos: before.pos,
    changes: new Map([[stateTuple('m.room.member', userId), pdu.eventId]]),
  });
  store.events.update({ ...event, after: { pos: store.stream.head(), group: null } });
  store.meta.setLifecycle('live');
  endDoubt(store.meta);
  store.sagas.remove('join', 'room');
  forgetStub(store, userId);
  store.sagas.remove('rejection', userId);
  noteLeftOut(ctx, before.pos);
  // What came meanwhile: on top of the join at once, the rest by asking for what it lacks.
  store.parked.putOff(undefined, ctx.now);
  takeUpParked(ctx, [pdu.eventId]);
  return { eventId: pdu.eventId, pos: store.stream.head() };
}

/**
 * Makes the state of the answer the current one, after a gap. It may have a hundred thousand members: what is new goes
 * from table to table and is not held, and only what was otherwise while we were in the room before goes one by one.
 */
function takeJoinedState(ctx: RoomContext): void {
  const { store } = ctx;
  const head = store.stream.append({ kind: 'gap' });
  const changes = store.joinEvents.changes();
  store.stream.appendJoined();
  store.state.openAfter(head);
  setCurrentState(ctx, { pos: store.stream.head(), changes });
  if (store.state.at('m.room.create', '', store.stream.head()) === undefined) {
    throw badGateway('The other server gave no create event');
  }
}
