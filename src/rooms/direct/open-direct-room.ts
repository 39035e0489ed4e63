import { sha256 } from '../../matrix/crypto/sha256.ts';
import { encodeBase64 } from '../../matrix/crypto/base64.ts';
import {
  eyrieConnectionFailed,
  eyriePolicyDenied,
  eyrieUserNotFound,
  MatrixError,
  notFound,
  unavailable,
  unsupportedRoomVersion,
} from '../../matrix/error.ts';
import type { RoomId, UserId } from '../../matrix/ids/brands.ts';
import { userIdServer } from '../../matrix/ids/user-id.ts';
import { roomVersionRules } from '../../matrix/room-versions/versions.ts';
import { createRoom, directContent } from '../create-room.ts';
import { requireEligible } from '../eligible.ts';
import { inviteUser } from '../invite-user.ts';
import { leaveRoom } from '../leave-room.ts';
import type { Asker } from '../ports.ts';
import { findDirectRoom, type FoundDirectRoom } from './find-direct-room.ts';
import type { CheckedMember, DirectDeps } from './ports.ts';

/** Longer than finding out that servers are away, and inviting, takes. */
const CLAIM_MS = 180_000;
/** How long a call waits for another of the same set, and how often it looks. */
const WAIT_MS = 60_000;
const LOOK_MS = 200;

export interface DirectWish {
  /** Besides the creator, each once; at least one. */
  readonly members: readonly UserId[];
  /** Else the room is only looked for. */
  readonly create: boolean;
  readonly name: string | undefined;
}

export interface OpenedDirectRoom {
  readonly roomId: RoomId;
  readonly created: boolean;
  readonly pending: readonly UserId[];
  /** By this call. */
  readonly invited: readonly UserId[];
  /** Who could not be invited. */
  readonly failed: readonly { readonly userId: UserId; readonly error: MatrixError }[];
}

/**
 * The direct chat of a user and others, made where there is none. Calls for the same users, whoever of them asks, come one
 * after another by a row of D1, so that they give one room. Members are checked before they are invited; where nobody
 * can be, there is no room.
 * Throws `M_NOT_FOUND` where there is none and none is to be made, what the check of the first member says where nobody
 * is fit, 503 where another call for the same users takes long.
 */
export async function openDirectRoom(deps: DirectDeps, creator: Asker, wish: DirectWish): Promise<OpenedDirectRoom> {
  const { members, create } = wish;
  const memberSet = nameOf([creator.userId, ...members]);
  if (!create) {
    const found = await findDirectRoom(deps, creator, members, await deps.direct.roomOf(memberSet));
    if (found === undefined) throw notFound('These users have no direct chat');
    return { roomId: found.roomId, created: false, pending: found.pending, invited: [], failed: [] };
  }
  const holder = deps.rooms.randomId();
  const noted = await claimed(deps, memberSet, holder);
  try {
    const found = await findDirectRoom(deps, creator, members, noted);
    if (found === undefined) return await makeDirectRoom(deps, creator, wish, { memberSet, holder });
    if (found.roomId !== noted) await deps.direct.note(memberSet, holder, found.roomId);
    return await completed(deps, creator, members, found);
  } finally {
    await deps.direct.release(memberSet, holder);
  }
}

const nameOf = (userIds: readonly UserId[]): string => encodeBase64(sha256(JSON.stringify(userIds.toSorted())));

async function claimed(deps: DirectDeps, memberSet: string, holder: string): Promise<RoomId | undefined> {
  const { now, after } = deps.rooms;
  for (const end = now() + WAIT_MS; ;) {
    const claim = await deps.direct.claim(memberSet, holder, { now: now(), until: now() + CLAIM_MS });
    if (claim !== undefined) return claim.roomId;
    if (now() >= end) throw unavailable('Another call for the same users is under way');
    await after(LOOK_MS);
  }
}

type Claim = { readonly memberSet: string; readonly holder: string };

async function makeDirectRoom(
  deps: DirectDeps,
  creator: Asker,
  { members, name }: DirectWish,
  { memberSet, holder }: Claim,
): Promise<OpenedDirectRoom> {
  const isWithOthers = members.some((userId) => userIdServer(userId) !== deps.rooms.serverName);
  if (isWithOthers) await requireEligible(deps.rooms.users, creator.userId);
  const checked = await checkedMembers(deps, members);
  const [firstUnfit] = checked.failed;
  if (checked.fit.length === 0 && firstUnfit !== undefined) throw firstUnfit.error;
  const roomId = await createRoom(deps.rooms, creator, await optionsOf(deps, creator.userId, members, name));
  // Noted before anybody is invited: who comes after a crash goes on with this room.
  if (!(await deps.direct.note(memberSet, holder, roomId))) {
    await leaveRoom(deps.rooms, creator, roomId, {});
    throw unavailable('Another call for the same users is under way');
  }
  const invited = await inviteAll(deps, creator, roomId, checked.fit);
  const [firstRefused] = invited.failed;
  if (invited.done.length === 0 && firstRefused !== undefined) {
    await deps.direct.note(memberSet, holder, undefined);
    await leaveRoom(deps.rooms, creator, roomId, {});
    throw firstRefused.error;
  }
  const { done } = invited;
  return { roomId, created: true, pending: done, invited: done, failed: [...checked.failed, ...invited.failed] };
}

/** Invites whom it was not possible to invite before. */
async function completed(
  deps: DirectDeps,
  creator: Asker,
  members: readonly UserId[],
  { roomId, pending, missing }: FoundDirectRoom,
): Promise<OpenedDirectRoom> {
  if (missing.length === 0) return { roomId, created: false, pending, invited: [], failed: [] };
  const checked = await checkedMembers(deps, missing);
  const invited = await inviteAll(deps, creator, roomId, checked.fit);
  const failed = [...checked.failed, ...invited.failed];
  const [first] = failed;
  if (failed.length === members.length && first !== undefined) throw first.error;
  const { done } = invited;
  return { roomId, created: false, pending: [...pending, ...done], invited: done, failed };
}

async function checkedMembers(deps: DirectDeps, members: readonly UserId[]) {
  const verdicts = await deps.check(members);
  const failed = members.flatMap((userId) => {
    const error = errorOf(userId, verdicts.get(userId));
    return error === undefined ? [] : [{ userId, error }];
  });
  const unfit = new Set(failed.map(({ userId }) => userId));
  return { fit: members.filter((userId) => !unfit.has(userId)), failed };
}

/** Who hides profiles may still take an invitation. */
function errorOf(userId: UserId, verdict: CheckedMember | undefined): MatrixError | undefined {
  const text = `${userId}: ${verdict?.error ?? 'could not be checked'}`;
  switch (verdict?.result) {
    case 'ok':
    case 'undisclosed':
      return undefined;
    case 'policy-denied':
      return eyriePolicyDenied(text);
    case 'user-not-found':
      return eyrieUserNotFound(text);
    default:
      return eyrieConnectionFailed(text);
  }
}

async function inviteAll(deps: DirectDeps, creator: Asker, roomId: RoomId, members: readonly UserId[]) {
  const done: UserId[] = [];
  const failed: { readonly userId: UserId; readonly error: MatrixError }[] = [];
  for (const userId of members) {
    try {
      await inviteUser(deps.rooms, creator.userId, roomId, userId, directContent(true));
      done.push(userId);
    } catch (error) {
      if (!(error instanceof MatrixError)) throw error;
      failed.push({ userId, error });
    }
  }
  return { done, failed };
}

/** As `trusted_private_chat` does it for the invited, who here are invited afterwards: all have the same power. */
async function optionsOf(deps: DirectDeps, creator: UserId, members: readonly UserId[], name: string | undefined) {
  const roomVersion = await deps.rooms.defaultRoomVersion();
  const rules = roomVersionRules(roomVersion);
  if (rules === undefined) throw unsupportedRoomVersion('This server does not know that room version');
  const users = Object.fromEntries([creator, ...members].map((userId) => [userId, 100]));
  return {
    roomVersion,
    preset: 'trusted_private_chat' as const,
    isPublic: false,
    isDirect: true,
    aliasName: undefined,
    name,
    topic: undefined,
    invite: [],
    creationContent: rules.creatorsArePrivileged ? { additional_creators: [...members] } : {},
    initialState: [],
    powerLevelContentOverride: rules.creatorsArePrivileged ? {} : { users },
  };
}
