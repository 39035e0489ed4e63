// A remote join: signed → streaming → live, each step in storage (contracts, section 3).
import type { Pdu } from '../../matrix/event/pdu.ts';
import { unavailable } from '../../matrix/error.ts';
import type { EventId, ServerName, UserId } from '../../matrix/ids/brands.ts';
import { canonicalJson } from '../../matrix/json/canonical-json.ts';
import type { JsonObject } from '../../matrix/json/json-value.ts';
import { requireOpen } from '../shutdown/require-open.ts';
import type { RoomContext } from '../room-context.ts';
import type { RoomStore } from '../store.ts';
import { holdsWithdrawal, takeOverWithdrawal, withdraw, type SentJoin } from './withdrawal.ts';

export interface JoinStart {
  readonly userId: UserId;
  readonly shard: string;
  /** Built from the template of `server` and signed by us. */
  readonly pdu: Pdu;
  readonly server: ServerName;
  /** Asked in turn after it. */
  readonly left: readonly ServerName[];
  /** Of the event, besides `membership`: what it is built from again for another server. */
  readonly content: JsonObject;
  /** Of a join under way that goes on over another server. */
  readonly run?: number;
}

/** Who works on a join says in which run: with the next, nothing that an earlier one does counts any more. */
export interface JoinRun {
  readonly run: number;
}

/** A join that nobody works on any more, as it goes on. */
export interface ResumedJoin extends JoinRun {
  readonly userId: UserId;
  readonly shard: string;
  readonly server: ServerName;
  readonly left: readonly ServerName[];
  readonly content: JsonObject;
  readonly roomVersion: string;
  /** Sent to `server` already, or about to be: it goes there again, and is known there by its ID. */
  readonly event?: { readonly eventId: EventId; readonly json: string };
}

interface Join extends Omit<ResumedJoin, 'roomVersion'> {
  /** Where the join may have been received. */
  readonly sent: readonly SentJoin[];
  /** How often it was resumed at `server`. */
  readonly resumed: number;
  /** The ID of the application service that had it made. */
  readonly appservice?: string;
}

/** A server over which a join came to nothing this often is not asked again. */
const MAX_RESUMED = 3;

/**
 * Stores the signed join before it is sent. One join at a time per room: throws 503 while another is under way, and
 * where one has ended by now: the user joins here then.
 * @returns the run that this join is in.
 */
export function startJoin(ctx: RoomContext, { shard, pdu, run, ...join }: JoinStart): number {
  const { store } = ctx;
  if (store.meta.lifecycle() === 'live') throw unavailable('This server is in the room by now: try again');
  requireOpen(store);
  const running = runningJoin(store);
  // Only its answer was lost.
  if (running?.event?.eventId === pdu.eventId) return running.run;
  if (running?.run !== run) throw unavailable('A user of this server is joining this room: try again');
  if (holdsWithdrawal(store, join.userId, ctx.now)) throw unavailable('The last try is being undone: try again');
  const appservice = ctx.appservice ?? running?.appservice;
  const sent = running?.sent ?? takeOverWithdrawal(store, join.userId);
  store.localUsers.setShard(join.userId, shard);
  // Guests join no room that we are not in.
  store.localUsers.setGuest(join.userId, false);
  if (store.meta.lifecycle() !== 'left') store.meta.setLifecycle('joining');
  store.joinEvents.clear('all');
  const started = {
    ...join,
    shard,
    event: { eventId: pdu.eventId, json: canonicalJson(pdu.json) },
    // No run of a join that has ended may ever count again.
    run: run ?? ctx.now,
    sent: [...sent, { server: join.server, eventId: pdu.eventId }],
    resumed: 0,
    ...(appservice === undefined ? {} : { appservice }),
  };
  put(ctx, started);
  return started.run;
}

/** Throws 503 when another run, or another join, has taken over. */
export function requireRun(store: Pick<RoomStore, 'sagas'>, run: number): void {
  if (runningJoin(store)?.run !== run) throw unavailable('The join has been taken over: try again');
}

/** Whether the run is still the one that counts. */
export function isRunning(store: Pick<RoomStore, 'sagas'>, run: number): boolean {
  return runningJoin(store)?.run === run;
}

/** The application service that had the join made that is under way. */
export const makerOfJoin = (store: Pick<RoomStore, 'sagas'>): string | undefined => runningJoin(store)?.appservice;

export function isJoining(store: Pick<RoomStore, 'sagas'>): boolean {
  return store.sagas.get('join', 'room') !== undefined;
}

/**
 * A server over which the join did not come about. `isRefused`: it said so, and knows nothing of the join. `isFinal`: no
 * other server would do.
 */
export interface FailedServer extends JoinRun {
  readonly server: ServerName;
  readonly isRefused: boolean;
  readonly isFinal?: boolean;
}

/**
 * Goes on with the next server. With none left the join has failed: the room is again what it was, and servers that may
 * have received the join are told that the user has left. What an earlier run says changes nothing.
 * @returns whether the join goes on.
 */
export function failJoin(ctx: RoomContext, { run, server, isRefused, isFinal = false }: FailedServer): boolean {
  const { store } = ctx;
  const join = runningJoin(store);
  if (join?.run !== run || join.server !== server) return join !== undefined;
  const { event: _sent, ...rest } = join;
  const sent = isRefused ? join.sent.filter((one) => one.eventId !== join.event?.eventId) : join.sent;
  const [next, ...left] = isFinal ? [] : join.left;
  if (next !== undefined) {
    put(ctx, { ...rest, sent, server: next, left, resumed: 0 });
    return true;
  }
  store.sagas.remove('join', 'room');
  store.joinEvents.clear('all');
  withdraw(ctx, join.userId, sent);
  if (store.meta.lifecycle() === 'joining') {
    const isStub = store.sagas.all('invite').length + store.sagas.all('knock').length > 0;
    store.meta.setLifecycle(isStub ? 'stub' : 'unborn');
  }
  return false;
}

/** No join of the room goes on; servers that may have received one are told that the user has left. */
export function failRunningJoin(ctx: RoomContext): void {
  const join = runningJoin(ctx.store);
  if (join !== undefined) failJoin(ctx, { run: join.run, server: join.server, isRefused: false, isFinal: true });
}

/** Takes a join over from whoever worked on it. @returns `undefined` where there is none, or its servers are used up. */
export function resumeJoin(ctx: RoomContext): ResumedJoin | undefined {
  const { store, rules } = ctx;
  for (let join = runningJoin(store); join !== undefined; join = runningJoin(store)) {
    if (join.resumed < MAX_RESUMED) {
      const resumed = { ...join, run: join.run + 1, resumed: join.resumed + 1 };
      put(ctx, resumed);
      store.joinEvents.clear('all');
      const { sent: _sent, resumed: _resumed, appservice: _appservice, ...goesOn } = resumed;
      return { ...goesOn, roomVersion: rules.id };
    }
    failJoin(ctx, { run: join.run, server: join.server, isRefused: false });
  }
  return undefined;
}

function runningJoin(store: Pick<RoomStore, 'sagas'>): Join | undefined {
  const saga = store.sagas.get('join', 'room');
  return saga === undefined ? undefined : (JSON.parse(saga.data) as Join);
}

function put({ store, now }: RoomContext, join: Join): void {
  const step = join.event === undefined ? 'asked' : 'signed';
  store.sagas.put({ kind: 'join', key: 'room', step, data: JSON.stringify(join), at: now });
}
