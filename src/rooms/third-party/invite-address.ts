import type { AuthState } from '../../matrix/auth/auth-state.ts';
import { actionLevel, userPowerLevel } from '../../matrix/auth/power-levels.ts';
import { forbidden, MatrixError } from '../../matrix/error.ts';
import type { Pdu } from '../../matrix/event/pdu.ts';
import type { RoomId } from '../../matrix/ids/brands.ts';
import type { JsonObject } from '../../matrix/json/json-value.ts';
import { roomVersionRules } from '../../matrix/room-versions/versions.ts';
import { inviteUser } from '../invite-user.ts';
import type { Asker, Sent } from '../ports.ts';
import { membershipOf, stateEvent, type RoomReader } from '../room-reader.ts';
import type { SendStateDeps } from '../send-state.ts';
import type { IdentityAccess, IdentityServers, ThirdPartyAddress } from './ports.ts';

export interface InviteAddressDeps extends SendStateDeps {
  readonly identity: IdentityServers;
}

/** An address as a client invites it. */
export interface InvitedAddress extends ThirdPartyAddress {
  readonly access: IdentityAccess;
}

/**
 * Invites whoever an address belongs to. Where the identity server knows no user for it, it keeps the invitation and
 * writes to the address, and the room gets an `m.room.third_party_invite`, which the user will exchange.
 * Throws `M_FORBIDDEN`, what the identity server answers, and what {@link inviteUser} throws.
 * Source: Client-Server API, "Third-party invites".
 */
export async function inviteAddress(
  deps: InviteAddressDeps,
  asker: Asker,
  roomId: RoomId,
  { access, medium, address }: InvitedAddress,
  content: JsonObject,
): Promise<Sent> {
  // First, so that nobody is written to in vain.
  await requireInvitePower(deps.room, asker, roomId);
  const userId = await deps.identity.lookUp(access, { medium, address });
  if (userId !== undefined) return inviteUser(deps.rooms, asker.userId, roomId, userId, content);
  const described = await descriptionOf(deps, asker, roomId);
  const invitation = { ...described, medium, address, room_id: roomId, sender: asker.userId };
  const { token, displayName, publicKeys } = await deps.identity.storeInvite(access, invitation);
  return deps.room.send({
    roomId,
    draft: {
      type: 'm.room.third_party_invite',
      stateKey: token,
      sender: asker.userId,
      content: {
        display_name: displayName,
        key_validity_url: publicKeys[0]?.['key_validity_url'],
        public_key: publicKeys[0]?.['public_key'],
        public_keys: publicKeys,
      },
    },
  });
}

/** The same for a room that was just made: that an invitation fails does not fail the room. */
export async function inviteAddresses(
  deps: InviteAddressDeps,
  asker: Asker,
  roomId: RoomId,
  addresses: readonly InvitedAddress[],
  content: JsonObject,
): Promise<void> {
  for (const address of addresses) {
    await inviteAddress(deps, asker, roomId, address, content).catch((error: unknown) => {
      if (!(error instanceof MatrixError)) throw error;
    });
  }
}

async function requireInvitePower(room: RoomReader, asker: Asker, roomId: RoomId): Promise<void> {
  const { roomVersion } = await room.status({ roomId });
  const rules = roomVersion === undefined ? undefined : roomVersionRules(roomVersion);
  const isIn = rules !== undefined && (await membershipOf(room, asker, roomId, asker.userId)) === 'join';
  if (!isIn) throw forbidden('You are not in this room');
  const events = new Map(
    await Promise.all(
      ['m.room.create', 'm.room.power_levels'].map(
        async (type) => [type, await stateEvent(room, asker, roomId, [type, ''])] as const,
      ),
    ),
  );
  // Power levels look at nothing but sender and content.
  const state: AuthState = (type) => events.get(type) as Pdu | undefined;
  if (userPowerLevel(rules, state, asker.userId) < actionLevel(rules, state, 'invite')) {
    throw forbidden('Your power level in this room is too low to invite');
  }
}

/** What the message to the address may say of the room and of who invites. */
const DESCRIBED = [
  ['room_name', 'm.room.name', 'name'],
  ['room_alias', 'm.room.canonical_alias', 'alias'],
  ['room_avatar_url', 'm.room.avatar', 'url'],
  ['room_join_rules', 'm.room.join_rules', 'join_rule'],
  ['room_type', 'm.room.create', 'type'],
] as const;

async function descriptionOf({ rooms, room }: InviteAddressDeps, asker: Asker, roomId: RoomId): Promise<JsonObject> {
  const { displayname, avatar_url: avatarUrl } = await rooms.users.profileOf(asker);
  const values = await Promise.all(
    DESCRIBED.map(async ([name, type, key]) => [
      name,
      (await stateEvent(room, asker, roomId, [type, '']))?.content[key],
    ]),
  );
  const described = [...values, ['sender_display_name', displayname], ['sender_avatar_url', avatarUrl]];
  return Object.fromEntries(described.filter(([, value]) => typeof value === 'string')) as JsonObject;
}
