import type { Pdu } from '../../matrix/event/pdu.ts';
import { parseJson } from '../../matrix/json/strict-json.ts';
import { isJsonObject } from '../../matrix/json/json-value.ts';
import { pduFromStored } from '../../matrix/event/stored-pdu.ts';
import type { EventId, UserId } from '../../matrix/ids/brands.ts';
import { dropLeftOut, enterLeftOut, hasLeftOut, leftOutSince, LEFT_OUT_LIFE_MS } from '../../room/join/left-out.ts';
import { isJoining, resumeJoin } from '../../room/join/join-saga.ts';
import { beginWithdrawal, endWithdrawal, WITHDRAW_MS, type SentJoin } from '../../room/join/withdrawal.ts';
import { openRejection } from '../../room/membership/out-of-band.ts';
import { DRAFT_ASKED_MS, openDraft } from '../../room/membership/remote-invite.ts';
import type { RoomContext } from '../../room/room-context.ts';
import type { JoinEventRow, RoomStore } from '../../room/store.ts';
import type { RpcResult } from '../call.ts';
import type { DestinationClient } from '../destination/client.ts';
import type { Duty, Schedule } from '../schedule.ts';
import { withinTime } from '../within-time.ts';
import type { CheckedPdu } from './rpc.ts';

/** A join that nobody has worked on for this long is taken over. */
const JOIN_LEASE_MS = 30_000;

/** One try to tell a server of a rejection; how long until the next is as long as it has taken so far. */
const TELL_MS = 15_000;
const MIN_AGAIN_MS = 2_000;
const MAX_AGAIN_MS = 3_600_000;

/** Of what lacks a key, this many events of a server go to its `Destination` at once, and this many servers a time. */
const VERIFY_EVENTS = 200;
const VERIFY_SERVERS = 20;
const FIRST_VERIFY_MS = 5_000;

export interface HandshakeParts {
  readonly store: RoomStore;
  readonly schedule: Pick<Schedule, 'set'>;
  readonly destinations: () => Pick<
    DestinationClient,
    'askForInvite' | 'tellRejection' | 'resumeJoin' | 'withdrawJoin' | 'verifyEvents'
  >;
  /** One turn of the room. */
  readonly turn: <T>(work: (ctx: RoomContext) => T) => Promise<RpcResult<T>>;
  readonly read: (row: JoinEventRow) => Pdu;
  /** Work that the object stays awake for. */
  readonly background: (work: Promise<unknown>) => void;
}

/**
 * What a room has to settle with other servers while nobody asks: joins, their withdrawal, rejections, keys of members.
 * The room never fetches: it has the `Destination` of the server do that. Each is a duty of the room's schedule.
 */
export class Handshakes {
  readonly #parts: HandshakeParts;

  constructor(parts: HandshakeParts) {
    this.#parts = parts;
  }

  /** The first of these run inside the caller's turn. */
  joinIsWorkedOn(now: number): void {
    this.#parts.schedule.set('join', '', now + JOIN_LEASE_MS);
  }

  joinHasEnded({ store, now }: RoomContext): void {
    if (hasLeftOut(store)) this.#parts.schedule.set('left-out', '', now + FIRST_VERIFY_MS);
  }

  /** Where it goes on, whoever works on it has as long as ever to begin. */
  joinHasFailed({ store, now }: RoomContext, goesOn: boolean): void {
    if (goesOn) this.joinIsWorkedOn(now);
    for (const { key } of store.sagas.all('withdrawal')) this.#parts.schedule.set('withdrawal', key, now);
  }

  inviteWasRejected({ store, now }: RoomContext, userId: UserId): void {
    if (openRejection(store, userId, now) !== undefined) this.#parts.schedule.set('rejection', userId, now);
  }

  inviteIsAsked(now: number, eventId: EventId): void {
    this.#parts.schedule.set('draft', eventId, now + DRAFT_ASKED_MS);
  }

  attend({ kind, key }: Duty): Promise<number | undefined> {
    switch (kind) {
      case 'join':
        return this.#resumeJoin();
      case 'withdrawal':
        return this.#withdraw(key as UserId);
      case 'left-out':
        return this.#verifyLeftOut();
      case 'draft':
        return this.#askForInvite(key as EventId);
      case 'rejection':
        return this.#tellRejection(key as UserId);
      default:
        throw new Error(`there is no duty ${kind}`);
    }
  }

  async #turn<T>(work: (ctx: RoomContext) => T): Promise<T> {
    const answered = await this.#parts.turn(work);
    if (!answered.ok) throw new Error(answered.refusal.message);
    return answered.value;
  }

  /** The room hears of what comes of it by calls of its own; until the next lease has run out nobody else resumes. */
  async #resumeJoin(): Promise<number | undefined> {
    const join = await this.#turn((ctx) => {
      const resumed = resumeJoin(ctx);
      if (resumed === undefined) this.joinHasFailed(ctx, false);
      return resumed;
    });
    if (join === undefined) return undefined;
    const { store, destinations, background } = this.#parts;
    background(
      destinations()
        .resumeJoin(join.server, store.meta.roomId(), join)
        .catch(() => undefined),
    );
    return isJoining(store) ? Date.now() + JOIN_LEASE_MS : undefined;
  }

  /** Who drafted the invitation is gone: it is asked for once more, as it is, and dropped where that comes to nothing. */
  async #askForInvite(eventId: EventId): Promise<number | undefined> {
    const open = await this.#turn((ctx) => openDraft(ctx, eventId));
    if (open === undefined) return undefined;
    const { store, destinations, background } = this.#parts;
    const asked = destinations().askForInvite(open.server, store.meta.roomId(), open.draft);
    background(asked.catch(() => undefined));
    return open.until;
  }

  async #withdraw(userId: UserId): Promise<number | undefined> {
    const { store, destinations } = this.#parts;
    const open = await this.#turn((ctx) => beginWithdrawal(ctx, userId));
    if (open === undefined) return undefined;
    const roomId = store.meta.roomId();
    const ageMs = Date.now() - open.since;
    const tell = async (sent: SentJoin) => {
      const told = destinations().withdrawJoin(sent.server, { roomId, userId, eventId: sent.eventId, ageMs });
      return (await withinTime(WITHDRAW_MS, told).catch(() => false)) ? [sent] : [];
    };
    const told = (await Promise.all(open.sent.map(tell))).flat();
    const isLeft = await this.#turn((ctx) => endWithdrawal(ctx, userId, told));
    return isLeft ? again(open.since) : undefined;
  }

  async #verifyLeftOut(): Promise<number | undefined> {
    const { store, destinations, read } = this.#parts;
    if (!hasLeftOut(store) || !store.joinEvents.hasUnverified()) return undefined;
    if (Date.now() - leftOutSince(store) >= LEFT_OUT_LIFE_MS) {
      await this.#turn(dropLeftOut);
      return undefined;
    }
    const roomVersion = store.meta.roomVersion();
    const ask = async (server: ReturnType<typeof store.joinEvents.unverifiedServers>[number]) => {
      const events = store.joinEvents
        .unverifiedOf(server, VERIFY_EVENTS)
        .map(({ eventId, json = '' }) => ({ eventId, json }));
      const asked = destinations().verifyEvents(server, { roomVersion, events });
      const { verified, forged } = await withinTime(TELL_MS, asked).catch(() => ({ verified: [], forged: [] }));
      if (verified.length + forged.length === 0) return false;
      await this.#turn((ctx) =>
        enterLeftOut(
          ctx,
          verified.map((pdu) => pduOf(ctx, pdu)),
          forged,
          read,
        ),
      );
      return true;
    };
    // Another part of them each time: a few servers that never answer must not stand before those that do.
    const servers = shuffled(store.joinEvents.unverifiedServers()).slice(0, VERIFY_SERVERS);
    const gained = (await Promise.all(servers.map(ask))).includes(true);
    if (!store.joinEvents.hasUnverified()) return undefined;
    return gained ? Date.now() + MIN_AGAIN_MS : again(leftOutSince(store));
  }

  /** Tells the inviter's server that its invitation was rejected, again and again until it knows (contracts, section 3). */
  async #tellRejection(userId: UserId): Promise<number | undefined> {
    const { store, destinations } = this.#parts;
    const open = openRejection(store, userId, Date.now());
    for (const server of open?.servers ?? []) {
      const told = destinations().tellRejection(server, store.meta.roomId(), userId);
      if (await withinTime(TELL_MS, told).catch(() => false)) {
        store.sagas.remove('rejection', userId);
        return undefined;
      }
    }
    if (open === undefined) {
      store.sagas.remove('rejection', userId);
      return undefined;
    }
    return again(open.since);
  }
}

function pduOf(ctx: RoomContext, { eventId, json }: CheckedPdu): Pdu {
  const parsed = parseJson(json);
  if (!parsed.ok || !isJsonObject(parsed.value)) throw new Error('a checked PDU is not JSON');
  return pduFromStored(ctx.rules, ctx.store.meta.roomId(), eventId, parsed.value);
}

/** When to try again what has been tried since `since`: after as long as it has taken so far. */
function again(since: number): number {
  const now = Date.now();
  return now + Math.min(Math.max(now - since, MIN_AGAIN_MS), MAX_AGAIN_MS);
}

function shuffled<T>(list: readonly T[]): readonly T[] {
  return list
    .map((value) => ({ value, order: Math.random() }))
    .sort((one, other) => one.order - other.order)
    .map(({ value }) => value);
}
