// Memberships of a room that we are not in: remote invites, and their rejection (contracts, section 3).
import { buildPdu } from '../../matrix/event/build.ts';
import type { Pdu } from '../../matrix/event/pdu.ts';
import { userIdServer } from '../../matrix/ids/user-id.ts';
import { forbidden, notFound } from '../../matrix/error.ts';
import type { ServerName, UserId } from '../../matrix/ids/brands.ts';
import type { JsonObject } from '../../matrix/json/json-value.ts';
import { decide } from '../decide/decide.ts';
import { newEvent } from '../new-event.ts';
import type { RoomContext } from '../room-context.ts';
import type { RoomStore } from '../store.ts';
import type { Sent } from '../send/send-event.ts';
import { requireAllowed } from '../servers/require-allowed.ts';
import { memberEvent } from './change-membership.ts';

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
  const { pdu, shard, inviteRoomState } = invite;
  const target = pdu.stateKey as UserId;
  requireAllowed(store, userIdServer(pdu.sender));
  if (store.meta.lifecycle() === 'live') return decideInvite(ctx, invite);
  if (store.meta.lifecycle() === 'unborn' || store.meta.lifecycle() === 'purged') store.meta.setLifecycle('stub');
  store.localUsers.setShard(target, shard);
  store.sagas.put({
    kind: 'invite',
    key: target,
    step: 'open',
    data: JSON.stringify(inviteRoomState),
    at: ctx.now,
  });
  holdMembership(ctx, pdu, target);
  return { eventId: pdu.eventId, pos: store.stream.head() };
}

/** What it lacks to be decided comes with the transaction that brings it once more; the invitee is known by then. */
function decideInvite(ctx: RoomContext, { pdu, shard }: RemoteInvite): Sent {
  const { store } = ctx;
  const origin = userIdServer(pdu.sender);
  store.localUsers.setShard(pdu.stateKey as UserId, shard);
  const verdict = decide(ctx, { pdu, origin, provisional: false });
  if (verdict.kind === 'rejected' || verdict.kind === 'soft_failed') {
    throw forbidden(`The invitation is refused: ${verdict.reason}`);
  }
  if (verdict.kind === 'known' && store.events.get(pdu.eventId)?.status !== 'accepted') {
    throw forbidden('The invitation was refused before');
  }
  return { eventId: pdu.eventId, pos: store.stream.head() };
}

/** What a client is shown of a room that its user is invited to but that we are not in. */
export function storedInviteState(ctx: Pick<RoomContext, 'store'>, userId: UserId): readonly JsonObject[] {
  const saga = ctx.store.sagas.get('invite', userId);
  return saga === undefined ? [] : (JSON.parse(saga.data) as JsonObject[]);
}

/** What the rejection of a remote invite still has to be told to, and in answer to which invite. */
export interface Rejection {
  readonly userId: UserId;
  readonly inviteEventId: string;
  /** The leave that is never sent. */
  readonly leaveEventId: string;
  readonly inviter: UserId;
  readonly servers: readonly ServerName[];
  readonly since: number;
}

/**
 * Rejects a remote invite at once, by a leave event that is never sent; the inviter's server is told by a task
 * ({@link Rejection}) for as long as the membership is this very leave.
 */
export function rejectRemoteInvite(ctx: RoomContext, userId: UserId, content: JsonObject): Sent {
  const { store } = ctx;
  const invite = memberEvent(store, userId);
  if (invite === undefined) throw notFound('You are not in this room');
  const membership = invite.content['membership'];
  if (membership === 'leave') return { eventId: invite.eventId, pos: store.stream.head() };
  if (membership !== 'invite' && membership !== 'knock') throw forbidden('You are not invited to this room');
  const leave = localLeave(ctx, invite, userId, content);
  holdMembership(ctx, leave, userId);
  const rejection: Rejection = {
    userId,
    inviteEventId: invite.eventId,
    leaveEventId: leave.eventId,
    inviter: invite.sender,
    servers: [userIdServer(invite.sender)],
    since: ctx.now,
  };
  store.sagas.remove('invite', userId);
  store.sagas.put({ kind: 'rejection', key: userId, step: 'open', data: JSON.stringify(rejection), at: ctx.now });
  return { eventId: leave.eventId, pos: store.stream.head() };
}

/** Puts a membership that stands in no graph of ours on the main line, as an outlier. */
export function holdMembership(ctx: RoomContext, pdu: Pdu, userId: UserId): void {
  const { store } = ctx;
  if (!store.events.has(pdu.eventId)) {
    store.events.insert({ ...newEvent(ctx, pdu), reason: 'out of band' });
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
