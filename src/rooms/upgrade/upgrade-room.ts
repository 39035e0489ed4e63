import { MatrixError, unsupportedRoomVersion } from '../../matrix/error.ts';
import type { RoomId, UserId } from '../../matrix/ids/brands.ts';
import type { JsonObject } from '../../matrix/json/json-value.ts';
import type { RoomVersionRules } from '../../matrix/room-versions/rules.ts';
import { roomVersionRules } from '../../matrix/room-versions/versions.ts';
import type { InitialState } from '../initial-events.ts';
import { requireKnownRoom } from '../known-room.ts';
import { makeRoom } from '../new-room.ts';
import type { Asker, RoomsDeps } from '../ports.ts';
import { moveDirectory } from './move-directory.ts';
import type { MoveDeps, ReplacedRoom, UpgradedRooms } from './ports.ts';
import { levelsOfNewRoom, replacementLevels } from './replacement-levels.ts';

export interface UpgradeDeps extends MoveDeps {
  readonly rooms: RoomsDeps;
  readonly room: UpgradedRooms;
}

export interface UpgradeInput {
  readonly roomId: RoomId;
  readonly newVersion: string;
  /** Left out of account where the new version knows none. */
  readonly additionalCreators: readonly UserId[];
}

/**
 * Replaces a room by one of another version. Nothing of the old room changes before the new one is there; the tombstone
 * is the point of no return, and with it the old room takes on what is left to do (`docs/design/room-upgrades.md`).
 * Throws `M_UNSUPPORTED_ROOM_VERSION`, `M_FORBIDDEN`.
 * Source: Client-Server API, `POST /rooms/{roomId}/upgrade`.
 */
export async function upgradeRoom(deps: UpgradeDeps, asker: Asker, input: UpgradeInput): Promise<RoomId> {
  const rules = roomVersionRules(input.newVersion);
  if (rules === undefined) throw unsupportedRoomVersion('This server does not know that room version');
  const { roomId } = input;
  const { userId } = asker;
  await requireKnownRoom(deps.rooms.registry, roomId);
  const source = await deps.room.upgradeSource({ roomId, userId });
  const additional = rules.creatorsArePrivileged
    ? [...new Set(input.additionalCreators)].filter((user) => user !== userId)
    : [];
  const replacement = await makeRoom(deps.rooms, asker, rules, {
    creationContent: creationContent(roomId, source, additional),
    initial: initialState(rules, source, [userId, ...additional], await deps.rooms.users.profileOf(asker)),
    alias: undefined,
  });
  const upgrade = { roomId, userId, replacement };
  try {
    await deps.room.beginUpgrade(upgrade);
  } catch (error) {
    // The power to do so was lost meanwhile: a room that replaces nothing is of no use.
    if (error instanceof MatrixError) await leaveAgain(deps.rooms, userId, replacement);
    throw error;
  }
  await moveDirectory(deps, { ...upgrade, shard: asker.shard });
  await deps.room.directoryMoved(upgrade);
  return replacement;
}

async function leaveAgain({ rooms }: RoomsDeps, userId: UserId, roomId: RoomId): Promise<void> {
  await rooms.changeMembership({ roomId, action: 'leave', sender: userId, target: userId, content: {} });
}

/** Whether other servers may join cannot be changed by an upgrade. */
function creationContent(roomId: RoomId, source: ReplacedRoom, additional: readonly UserId[]): JsonObject {
  const { type, 'm.federate': federate } = source.create;
  return {
    ...(type === undefined ? {} : { type }),
    ...(federate === undefined ? {} : { 'm.federate': federate }),
    ...(additional.length === 0 ? {} : { additional_creators: additional }),
    predecessor: { room_id: roomId, event_id: source.lastEventId },
  };
}

function initialState(
  rules: RoomVersionRules,
  source: ReplacedRoom,
  newCreators: readonly [UserId, ...UserId[]],
  profile: JsonObject,
): readonly InitialState[] {
  const [upgrader] = newCreators;
  const event = (type: string, content: JsonObject, stateKey = ''): InitialState => ({ type, stateKey, content });
  const copied = source.state.filter(({ type }) => type !== 'm.room.join_rules');
  const joinRules = source.state.find(({ type }) => type === 'm.room.join_rules')?.content;
  const state = [event('m.room.join_rules', supported(rules, joinRules ?? { join_rule: 'invite' })), ...copied];
  const bans = source.bans.filter(({ stateKey }) => !newCreators.some((creator) => creator === stateKey));
  const { first, last } = replacementLevels(rules, {
    levels: source.levels ?? levelsOfNewRoom(upgrader),
    creators: source.creators,
    newCreators,
    state: [...state, ...bans],
  });
  return [
    event('m.room.member', { ...profile, membership: 'join' }, upgrader),
    event('m.room.power_levels', first),
    ...state,
    ...bans,
    ...(last === undefined ? [] : [event('m.room.power_levels', last)]),
  ];
}

/** A join rule that the new version does not know would let nobody in, or be read as another one. */
function supported(rules: RoomVersionRules, content: JsonObject): JsonObject {
  const { join_rule: rule } = content;
  const isKnown =
    rule === 'knock'
      ? rules.knocking
      : rule === 'restricted'
        ? rules.restrictedJoins
        : rule !== 'knock_restricted' || rules.knockRestrictedJoins;
  return isKnown ? content : { join_rule: 'invite' };
}
