import { forbidden, resourceLimitExceeded } from '../matrix/error.ts';
import type { ServerName } from '../matrix/ids/brands.ts';

/** Which rooms of other servers users of this server may be in, by the settings. */
export interface RoomLimits {
  /** Of public rooms; 0: any. */
  readonly maxPublicMembers: number;
  readonly encrypted: boolean;
  /** Rooms that anybody may join. */
  readonly nonPrivate: boolean;
}

/** A state event of a room, as far as it is looked at. */
interface Told {
  readonly type?: unknown;
  readonly state_key?: unknown;
  readonly content?: unknown;
}

/** Throws `M_FORBIDDEN` for a room of a kind that the settings keep our users out of. */
export function refuseKind(
  { encrypted, nonPrivate }: RoomLimits,
  room: { readonly isPublic: boolean; readonly isEncrypted: boolean },
): void {
  if (room.isEncrypted && !encrypted) {
    throw forbidden('Users of this server take part in no encrypted rooms of other servers', {
      reason: 'room-encrypted',
    });
  }
  if (room.isPublic && !nonPrivate) {
    throw forbidden('Users of this server take part in no public rooms of other servers', { reason: 'room-public' });
  }
}

/** Throws `M_RESOURCE_LIMIT_EXCEEDED` for a public room that is larger than the settings allow. */
export function refuseSize(
  serverName: ServerName,
  { maxPublicMembers: most }: RoomLimits,
  { isPublic, joinedMembers }: { readonly isPublic: boolean; readonly joinedMembers: number },
): void {
  if (!isPublic || most === 0 || joinedMembers <= most) return;
  throw resourceLimitExceeded(
    `The room has ${joinedMembers} members; users of this server may join public rooms of other servers with at most ${most}`,
    {
      admin_contact: `https://${serverName}/.well-known/matrix/support`,
      reason: 'room-too-large',
      joined_members: joinedMembers,
      max_members: most,
    },
  );
}

/** What kind of room it is by its state, or as much of that as was told. */
export function kindOf(state: readonly Told[]): { readonly isPublic: boolean; readonly isEncrypted: boolean } {
  const isOf = (type: string) => (event: Told) => event.type === type && event.state_key === '';
  const rules = state.find(isOf('m.room.join_rules'))?.content as { readonly join_rule?: unknown } | undefined;
  return { isPublic: rules?.join_rule === 'public', isEncrypted: state.some(isOf('m.room.encryption')) };
}
