import type { RoomClient } from '../../../durable/room/client.ts';
import { forbidden } from '../../../matrix/error.ts';
import type { EventId, RoomId, UserId } from '../../../matrix/ids/brands.ts';
import type { DirectDeps } from '../../../rooms/direct/ports.ts';
import type { RoomRegistry } from '../../../rooms/ports.ts';
import type { AuditWriter } from '../../../settings/audit-log.ts';
import type { Requester } from '../../client/from-user.ts';
import type { UserStanding } from '../../middleware/asserted-identity.ts';
import type { Reach, RequireWorkspace } from '../../middleware/require-workspace.ts';

/** What the endpoints for workspaces need. */
export interface WorkspaceDeps {
  readonly requireWorkspace: RequireWorkspace;
  readonly registry: Pick<RoomRegistry, 'has'>;
  readonly rooms: Pick<RoomClient, 'setPowerLevel' | 'inspectEvent' | 'stateAround' | 'localMembers'>;
  /** By the projection, which follows within 2 s. */
  readonly roomOfEvent: (eventId: EventId) => Promise<RoomId | undefined>;
  readonly direct: DirectDeps;
  /** Returns once the shard and the projection have what is in the room, or after a bounded wait. */
  readonly settle: (roomId: RoomId, shard: string) => Promise<void>;
  /** `undefined`: no such account, or one that is deactivated. */
  readonly shardOf: (userId: UserId) => Promise<string | undefined>;
  readonly standing: (shard: string, userId: UserId) => Promise<UserStanding>;
  readonly audit: AuditWriter;
  readonly now: () => number;
}

/**
 * A user in whose name something is done. Throws `M_FORBIDDEN` for one whom the caller does not reach, or who may do
 * nothing themselves.
 */
export async function actingUser(
  { shardOf, standing }: Pick<WorkspaceDeps, 'shardOf' | 'standing'>,
  reach: Reach,
  userId: UserId,
): Promise<{ readonly userId: UserId; readonly shard: string }> {
  if (!reach.hasUser(userId)) throw forbidden(`${userId} is none of your users`);
  const shard = await shardOf(userId);
  const { isDeactivated, isLocked, isSuspended } = shard === undefined ? {} : await standing(shard, userId);
  if (shard === undefined || isDeactivated === true) throw forbidden(`${userId} is not registered`);
  if (isLocked === true || isSuspended === true) throw forbidden(`${userId} is locked or suspended`);
  return { userId, shard };
}

/** Who is written into the audit log: the workspace itself, whomever it acts as. */
export const auditedAs = (requester: Requester, { appserviceId }: Reach): string => appserviceId ?? requester.userId;
