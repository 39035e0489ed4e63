import { MatrixError } from '../../matrix/error.ts';
import { userIdServer } from '../../matrix/ids/user-id.ts';
import type { RoomId, UserId } from '../../matrix/ids/brands.ts';
import type { TakeAlongDeps } from './ports.ts';

export interface MemberToMove {
  readonly userId: UserId;
  /** In the old room. */
  readonly membership: 'join' | 'invite';
}

interface Upgrade {
  readonly roomId: RoomId;
  readonly replacement: RoomId;
  /** Who upgraded the room, and invites. */
  readonly userId: UserId;
}

/**
 * Brings members of a room that not everybody may join into the one that replaces it: each is invited, and our own users
 * who were joined are joined. Whoever has a membership there already has had their say, or was banned. May be repeated.
 * @returns whether somebody is left who may come along later, because a server could not be asked.
 */
export async function takeAlong(
  deps: TakeAlongDeps,
  upgrade: Upgrade,
  members: readonly MemberToMove[],
): Promise<boolean> {
  const { replacement: roomId } = upgrade;
  const held = await deps.rooms.membershipsOf({ roomId, userIds: members.map(({ userId }) => userId) });
  const isLeft = await Promise.all(
    members.map((member) =>
      move(deps, upgrade, member, held[member.userId]).then(
        () => false,
        (error: unknown) => {
          if (!(error instanceof MatrixError)) throw error;
          return error.status >= 500 || error.status === 429;
        },
      ),
    ),
  );
  return isLeft.includes(true);
}

async function move(
  deps: TakeAlongDeps,
  upgrade: Upgrade,
  member: MemberToMove,
  held: string | undefined,
): Promise<void> {
  if (userIdServer(member.userId) === deps.serverName) await moveLocal(deps, upgrade, member, held);
  else if (held === undefined) await inviteRemote(deps, upgrade, member.userId);
}

async function inviteRemote(deps: TakeAlongDeps, upgrade: Upgrade, target: UserId): Promise<void> {
  const roomId = upgrade.replacement;
  const draft = await deps.rooms.draftInvite({ roomId, action: 'invite', sender: upgrade.userId, target, content: {} });
  await deps.askForInvite(userIdServer(target), roomId, draft);
}

async function moveLocal(
  deps: TakeAlongDeps,
  { roomId: from, replacement: roomId, userId: sender }: Upgrade,
  { userId: target, membership }: MemberToMove,
  held: string | undefined,
): Promise<void> {
  const shard = await deps.users.shardOf(target);
  if (shard === undefined || (held !== undefined && held !== 'invite' && held !== 'join')) return;
  const content = await deps.users.profileOf({ userId: target, shard });
  const call = { roomId, target, targetShard: shard, content };
  if (held === undefined) await deps.rooms.changeMembership({ ...call, action: 'invite', sender });
  if (membership === 'invite') return;
  if (held !== 'join') await deps.rooms.changeMembership({ ...call, action: 'join', sender: target });
  await deps.settings.carrySettings({ userId: target, shard }, from, roomId);
}
