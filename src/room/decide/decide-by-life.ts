import { userIdServer } from '../../matrix/ids/user-id.ts';
import type { UserId } from '../../matrix/ids/brands.ts';
import { roomIsFull } from '../../observability/events.ts';
import { memberEvent } from '../membership/change-membership.ts';
import { forgetStub, holdMembership } from '../membership/out-of-band.ts';
import type { RoomContext } from '../room-context.ts';
import { decide } from './decide.ts';
import type { IncomingPdu, Verdict } from './verdict.ts';

/**
 * What a pushed event means by the room's state of life (contracts, section 3): a live room decides; a room that we are
 * only invited to hears nothing but the end of that invitation; one that we have left hears nothing. While it is being
 * joined, events are parked by the caller, since their parents are not there yet.
 */
export function decideByLife(ctx: RoomContext, incoming: IncomingPdu): Verdict {
  const { pdu } = incoming;
  const lifecycle = ctx.store.meta.lifecycle();
  if (lifecycle === 'live') return isFullOf(ctx, pdu.sender) ? refusedAsFull(ctx, incoming) : decide(ctx, incoming);
  if (endsInvite(ctx, incoming)) {
    holdMembership(ctx, pdu, pdu.stateKey as UserId);
    forgetStub(ctx.store, pdu.stateKey ?? '');
    return { kind: 'accepted', eventId: pdu.eventId };
  }
  const isJoining = lifecycle === 'joining' || ctx.store.sagas.get('join', 'room') !== undefined;
  if (isJoining) return { kind: 'needs', eventId: pdu.eventId, prev: pdu.prevEvents, auth: [] };
  return { kind: 'refused', eventId: pdu.eventId, reason: 'This server is not in the room' };
}

/** Before the storage is full for everybody, it is for the server whose events fill it (contracts, section 9). */
function isFullOf({ store, serverName }: RoomContext, sender: UserId): boolean {
  return store.space.largestContributor(serverName) === userIdServer(sender);
}

function refusedAsFull({ store }: RoomContext, { pdu }: IncomingPdu): Verdict {
  const server = userIdServer(pdu.sender);
  roomIsFull({ roomId: store.meta.roomId(), server });
  return { kind: 'refused', eventId: pdu.eventId, reason: `This room is nearly full, mostly with events of ${server}` };
}

/**
 * A leave or ban of a user of ours which names what it ends: an invite, by the inviter's server; or a knock, by whoever
 * in the room has the power, which we cannot judge. Only servers in the room know the ID of the knock.
 */
function endsInvite(ctx: RoomContext, { pdu }: IncomingPdu): boolean {
  const membership = pdu.content['membership'];
  const target = pdu.stateKey as UserId | undefined;
  if (pdu.type !== 'm.room.member' || target === undefined || userIdServer(target) !== ctx.serverName) return false;
  if (membership !== 'leave' && membership !== 'ban') return false;
  const invite = memberEvent(ctx.store, target);
  if (invite === undefined || !pdu.authEvents.includes(invite.eventId)) return false;
  const held = invite.content['membership'];
  return held === 'knock' || (held === 'invite' && userIdServer(pdu.sender) === userIdServer(invite.sender));
}
