import type { RoomClient } from '../../../durable/room/client.ts';
import type { CheckUsersDeps } from '../../../federation/check-users.ts';
import type { TellPresenceDeps } from '../../../federation/sending/tell-presence.ts';
import { forbidden } from '../../../matrix/error.ts';
import type { EventId, RoomId, ServerName, UserId } from '../../../matrix/ids/brands.ts';
import type { DirectDeps } from '../../../rooms/direct/ports.ts';
import type { FederationVerdicts } from '../../../rooms/eligible.ts';
import type { RoomList } from '../../../rooms/room-list.ts';
import type { RoomRegistry } from '../../../rooms/ports.ts';
import type { AuditWriter } from '../../../settings/audit-log.ts';
import type { Requester } from '../../client/from-user.ts';
import type { UserStanding } from '../../middleware/asserted-identity.ts';
import { administeredRoom } from '../rooms/administered-room.ts';
import type { Reach, RequireWorkspace } from '../../middleware/require-workspace.ts';

/** What the endpoints for workspaces need. */
export interface WorkspaceDeps {
  readonly requireWorkspace: RequireWorkspace;
  readonly registry: Pick<RoomRegistry, 'has'>;
  readonly rooms: Pick<
    RoomClient,
    'setPowerLevel' | 'inspectEvent' | 'stateAround' | 'localMembers' | 'latestReceipts' | 'keptOut' | 'isJoined'
  >;
  /** By the projection, which follows within 2 s. */
  readonly roomOfEvent: (eventId: EventId) => Promise<RoomId | undefined>;
  /** In which something happened last, the newest first. */
  readonly roomsOfLate: (limit: number) => Promise<readonly RoomId[]>;
  readonly direct: DirectDeps;
  /** Returns once the shard and the projection have what is in the room, or after a bounded wait. */
  readonly settle: (roomId: RoomId, shard: string) => Promise<void>;
  /** `undefined`: no such account, or one that is deactivated. */
  readonly shardOf: (userId: UserId) => Promise<string | undefined>;
  readonly standing: (shard: string, userId: UserId) => Promise<UserStanding>;
  readonly checking: CheckUsersDeps;
  readonly list: RoomList;
  readonly serverName: ServerName;
  readonly presence: TellPresenceDeps;
  /** Whether other servers are told of presence at all. */
  readonly tellsPresence: () => Promise<boolean>;
  readonly verdicts: Pick<FederationVerdicts, 'put'>;
  readonly audit: AuditWriter;
  readonly now: () => number;
}

type UserDeps = Pick<WorkspaceDeps, 'shardOf' | 'standing'>;

/**
 * A user in whose name something is done. Throws `M_FORBIDDEN` for one whom the caller does not reach, or who may do
 * nothing themselves.
 */
export async function actingUser(
  deps: UserDeps,
  reach: Reach,
  userId: UserId,
): Promise<{ readonly userId: UserId; readonly shard: string }> {
  const { shard, reason, isSuspended } = await standingOf(deps, reach, userId);
  if (reason !== undefined) throw forbidden(`${userId} is ${TEXTS[reason]}`);
  if (isSuspended) throw forbidden(`${userId} is suspended`);
  return { userId, shard };
}

/** What a suspended user may do too. @returns those in whose names it is not done, and why. */
export async function quietUsers(
  deps: UserDeps,
  reach: Reach,
  userIds: readonly UserId[],
): Promise<ReadonlyMap<UserId, string>> {
  const asked = await Promise.all(
    [...new Set(userIds)].map(async (userId) => ({ userId, ...(await standingOf(deps, reach, userId)) })),
  );
  return new Map(asked.flatMap(({ userId, reason }) => (reason === undefined ? [] : [[userId, reason] as const])));
}

const TEXTS = { 'not-your-user': 'none of your users', 'unknown-user': 'not registered', locked: 'locked' } as const;

async function standingOf({ shardOf, standing }: UserDeps, reach: Reach, userId: UserId) {
  const not = (reason: keyof typeof TEXTS) => ({ shard: '', reason, isSuspended: false });
  if (!reach.hasUser(userId)) return not('not-your-user');
  const shard = await shardOf(userId);
  if (shard === undefined) return not('unknown-user');
  const { isDeactivated, isLocked, isSuspended = false } = await standing(shard, userId);
  if (isDeactivated === true) return not('unknown-user');
  return isLocked === true ? not('locked') : { shard, reason: undefined, isSuspended };
}

/** Who is written into the audit log: the workspace itself, whomever it acts as. */
export const auditedAs = (requester: Requester, { appserviceId }: Reach): string => appserviceId ?? requester.userId;

/** Throws `M_NOT_FOUND` for a room that is none of ours, `M_FORBIDDEN` for one that the caller does not reach. */
export async function reachedRoom(
  {
    registry,
    rooms,
  }: { readonly registry: WorkspaceDeps['registry']; readonly rooms: Pick<RoomClient, 'localMembers'> },
  reach: Reach,
  text: string,
): Promise<RoomId> {
  const roomId = await administeredRoom(registry, text);
  if (reach.hasRoom(roomId)) return roomId;
  const isReached = (await rooms.localMembers({ roomId })).some((userId) => reach.hasUser(userId));
  if (!isReached) throw forbidden('None of your users is in this room');
  return roomId;
}
