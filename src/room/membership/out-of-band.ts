// Memberships of a room that we are not in: remote invites and knocks, and their end (contracts, section 3).
import { buildPdu } from '../../matrix/event/build.ts';
import type { Pdu } from '../../matrix/event/pdu.ts';
import { userIdServer } from '../../matrix/ids/user-id.ts';
import { forbidden, notFound } from '../../matrix/error.ts';
import type { ServerName, UserId } from '../../matrix/ids/brands.ts';
import type { JsonObject } from '../../matrix/json/json-value.ts';
import { decide } from '../decide/decide.ts';
import { newEvent } from '../new-event.ts';
import { requireOpen } from '../shutdown/require-open.ts';
import type { RoomContext } from '../room-context.ts';
import type { RoomStore, StoredEvent } from '../store.ts';
import type { Sent } from '../send/send-event.ts';
import { requireAllowed } from '../servers/require-allowed.ts';
import { memberEvent } from './change-membership.ts';

/** Why such an event is an outlier. */
const OUT_OF_BAND = 'out of band';

export const isHeldOutOfBand = ({ status, reason }: StoredEvent): boolean =>
  status === 'outlier' && reason === OUT_OF_BAND;

export interface RemoteInvite {
  /** Checked and signed by us. */
  readonly pdu: Pdu;
  readonly shard: string;
  /** Stripped, for the invitee's client. */
  readonly inviteRoomState: readonly JsonObject[];
}

/**
 * Keeps an invitation from outside as a stub, on top of whatever history the room has here. In a room that we are in it
 * is an event as any other. Throws `M_FORBIDDEN` where that is refused, or by the ACL that we last knew.
 */
export function receiveInvite(ctx: RoomContext, invite: RemoteInvite): Sent {
  const { store } = ctx;
  const { pdu, inviteRoomState } = invite;
  const target = pdu.stateKey as UserId;
  requireOpen(store);
  requireAllowed(store, userIdServer(pdu.sender));
  if (store.meta.lifecycle() === 'live') return decideHere(ctx, invite, userIdServer(pdu.sender));
  // It is the answer to a knock, whether or not it names that.
  store.sagas.remove('knock', target);
  holdAsStub(ctx, invite, { kind: 'invite', data: inviteRoomState });
  return { eventId: pdu.eventId, pos: store.stream.head() };
}

export interface RemoteKnock {
  /** Of a user of ours, signed by us; the server has taken it. */
  readonly pdu: Pdu;
  readonly shard: string;
  /** Over which the user knocked. */
  readonly server: ServerName;
  /** Stripped, for the user's client. */
  readonly knockRoomState: readonly JsonObject[];
}

/** A knock as it waits for an answer. */
interface OpenKnock {
  /** Where it is taken back. */
  readonly server: ServerName;
  readonly knockRoomState: readonly JsonObject[];
}

/** Keeps a knock that another server took, as a stub. In a room that we are in by now it is an event as any other. */
export function receiveKnock(ctx: RoomContext, knock: RemoteKnock): Sent {
  const { store } = ctx;
  const { pdu, server, knockRoomState } = knock;
  requireOpen(store);
  if (store.meta.lifecycle() === 'live') return decideHere(ctx, knock, server);
  const data: OpenKnock = { server, knockRoomState };
  store.sagas.remove('rejection', pdu.sender);
  holdAsStub(ctx, knock, { kind: 'knock', data });
  return { eventId: pdu.eventId, pos: store.stream.head() };
}

function holdAsStub(
  ctx: RoomContext,
  { pdu, shard }: { readonly pdu: Pdu; readonly shard: string },
  { kind, data }: { readonly kind: 'invite' | 'knock'; readonly data: object },
): void {
  const { store } = ctx;
  const target = pdu.stateKey as UserId;
  if (store.meta.lifecycle() === 'unborn' || store.meta.lifecycle() === 'purged') store.meta.setLifecycle('stub');
  store.localUsers.setShard(target, shard);
  store.sagas.put({ kind, key: target, step: 'open', data: JSON.stringify(data), at: ctx.now });
  holdMembership(ctx, pdu, target);
}

/** What it lacks to be decided comes with the transaction that brings it once more; the user is known by then. */
function decideHere(
  ctx: RoomContext,
  { pdu, shard }: { readonly pdu: Pdu; readonly shard: string },
  origin: ServerName,
): Sent {
  const { store } = ctx;
  store.localUsers.setShard(pdu.stateKey as UserId, shard);
  const verdict = decide(ctx, { pdu, origin, provisional: false });
  if (verdict.kind === 'rejected' || verdict.kind === 'soft_failed') {
    throw forbidden(`The membership is refused: ${verdict.reason}`);
  }
  if (verdict.kind === 'known' && store.events.get(pdu.eventId)?.status !== 'accepted') {
    throw forbidden('The membership was refused before');
  }
  return { eventId: pdu.eventId, pos: store.stream.head() };
}

/** What a client is shown of a room that its user is invited to, or knocks on, but that we are not in. */
export function storedRoomState({ store }: Pick<RoomContext, 'store'>, userId: UserId): readonly JsonObject[] {
  const invite = store.sagas.get('invite', userId);
  if (invite !== undefined) return JSON.parse(invite.data) as JsonObject[];
  return openKnock(store, userId)?.knockRoomState ?? [];
}

function openKnock(store: Pick<RoomStore, 'sagas'>, userId: UserId): OpenKnock | undefined {
  const saga = store.sagas.get('knock', userId);
  return saga === undefined ? undefined : (JSON.parse(saga.data) as OpenKnock);
}

/** A membership of a user of ours, and the servers that can say more of it: the inviter's, or that which took a knock. */
export interface HeldMembership {
  readonly membership: string;
  readonly servers: readonly ServerName[];
}

export function heldMembership(store: RoomStore, userId: UserId): HeldMembership | undefined {
  const held = memberEvent(store, userId);
  const membership = held?.content['membership'];
  if (held === undefined || typeof membership !== 'string') return undefined;
  return { membership, servers: [openKnock(store, userId)?.server ?? userIdServer(held.sender)] };
}

/** The invite or knock of a user is no more. */
export function forgetStub({ sagas }: Pick<RoomStore, 'sagas'>, userId: string): void {
  sagas.remove('invite', userId);
  sagas.remove('knock', userId);
}

/** What the rejection of a remote invite, or the taking back of a knock, still has to be told to. */
export interface Rejection {
  readonly userId: UserId;
  /** Of the invite or the knock. */
  readonly inviteEventId: string;
  /** The leave that is never sent. */
  readonly leaveEventId: string;
  readonly servers: readonly ServerName[];
  readonly since: number;
}

/**
 * Rejects a remote invite, or takes a knock back, at once, by a leave event that is never sent; the inviter's server, or
 * that which took the knock, is told by a task ({@link Rejection}) for as long as the membership is this very leave.
 */
export function rejectRemoteInvite(ctx: RoomContext, userId: UserId, content: JsonObject): Sent {
  const { store } = ctx;
  const invite = memberEvent(store, userId);
  if (invite === undefined) throw notFound('You are not in this room');
  const membership = invite.content['membership'];
  if (membership === 'leave') return { eventId: invite.eventId, pos: store.stream.head() };
  if (membership !== 'invite' && membership !== 'knock') throw forbidden('You are not invited to this room');
  const heldBefore = heldMembership(store, userId);
  const leave = localLeave(ctx, invite, userId, content);
  holdMembership(ctx, leave, userId);
  const rejection: Rejection = {
    userId,
    inviteEventId: invite.eventId,
    leaveEventId: leave.eventId,
    servers: heldBefore?.servers ?? [],
    since: ctx.now,
  };
  forgetStub(store, userId);
  store.sagas.put({ kind: 'rejection', key: userId, step: 'open', data: JSON.stringify(rejection), at: ctx.now });
  return { eventId: leave.eventId, pos: store.stream.head() };
}

/** Puts a membership that stands in no graph of ours on the main line, as an outlier. */
export function holdMembership(ctx: RoomContext, pdu: Pdu, userId: UserId): void {
  const { store } = ctx;
  if (!store.events.has(pdu.eventId)) {
    store.events.insert({ ...newEvent(ctx, pdu), appservice: ctx.appservice, reason: OUT_OF_BAND });
  }
  const before = store.state.at('m.room.member', userId, store.stream.head());
  if (before === pdu.eventId) return;
  const pos = store.stream.append({
    kind: 'state',
    type: 'm.room.member',
    stateKey: userId,
    eventId: pdu.eventId,
    before,
  });
  const membership = pdu.content['membership'];
  store.state.change(
    'm.room.member',
    userId,
    pdu.eventId,
    pos,
    typeof membership === 'string' ? membership : undefined,
  );
}

function localLeave(ctx: RoomContext, invite: Pdu, userId: UserId, content: JsonObject): Pdu {
  const { rules } = ctx;
  const built = buildPdu(
    rules,
    {
      roomId: ctx.store.meta.roomId(),
      type: 'm.room.member',
      sender: userId,
      stateKey: userId,
      content: { ...content, membership: 'leave' },
      prevEvents: rules.eventId === 'sender' ? [] : [invite.eventId],
      authEvents: [],
      depth: invite.depth,
      originServerTs: ctx.now,
      ...(rules.eventId === 'sender'
        ? { eventId: `$${ctx.randomId()}:${ctx.serverName}` as Pdu['eventId'], referenceHashOf: () => '' }
        : {}),
    },
    ctx.serverName,
    ctx.signingKey,
  );
  if (!built.ok) throw forbidden(`The rejection is no event: ${built.reason.kind}`);
  return built.value;
}

/** A rejection that nobody wants to hear is given up after this. */
const REJECTION_LIFE_MS = 7 * 86_400_000;

/** What of a rejection is still to be told: nothing once the membership is another, or after seven days. */
export function openRejection(
  store: Pick<RoomStore, 'sagas' | 'state' | 'stream' | 'events'>,
  userId: UserId,
  now: number,
): Rejection | undefined {
  const saga = store.sagas.get('rejection', userId);
  if (saga === undefined) return undefined;
  const rejection = JSON.parse(saga.data) as Rejection;
  const isStill = memberEvent(store, userId)?.eventId === rejection.leaveEventId;
  return isStill && now - rejection.since < REJECTION_LIFE_MS ? rejection : undefined;
}
