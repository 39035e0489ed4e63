import { MatrixError } from '../../matrix/error.ts';
import { readPowerLevel } from '../../matrix/auth/power-levels.ts';
import type { RoomId, UserId } from '../../matrix/ids/brands.ts';
import { parseRoomAlias, roomAliasServer } from '../../matrix/ids/room-alias.ts';
import type { JsonObject, JsonValue } from '../../matrix/json/json-value.ts';
import { roomVersionRules } from '../../matrix/room-versions/versions.ts';
import { stateEvent } from '../room-reader.ts';
import type { MoveDeps } from './ports.ts';

export interface Replacement {
  readonly roomId: RoomId;
  readonly replacement: RoomId;
  /** Who upgraded the room. */
  readonly userId: UserId;
  readonly shard: string;
}

/**
 * What is found by a name leads to the new room from now on, and nobody speaks in the old one by mistake. Each step
 * looks first whether it was done: it may be repeated. What the user may not do in the old room is passed over.
 * Source: Client-Server API, "Room Upgrades", "Server behaviour", steps 4 and 6.
 */
export async function moveDirectory(deps: MoveDeps, upgrade: Replacement): Promise<void> {
  const { directory, settings } = deps;
  const { roomId, replacement } = upgrade;
  await directory.moveAliases(roomId, replacement);
  if (await directory.isPublished(roomId)) {
    await directory.setPublished(replacement, true);
    await directory.setPublished(roomId, false);
  }
  await ifAllowed(() => moveCanonicalAlias(deps, upgrade));
  await ifAllowed(() => restrict(deps, upgrade));
  await settings.carrySettings(upgrade, roomId, replacement);
}

async function ifAllowed(step: () => Promise<void>): Promise<void> {
  await step().catch((error: unknown) => {
    if (!(error instanceof MatrixError) || error.status >= 500) throw error;
  });
}

/** Aliases of other servers stay with the old room: where they point to is not ours to say. */
async function moveCanonicalAlias({ room, serverName }: MoveDeps, upgrade: Replacement): Promise<void> {
  const { roomId, replacement, userId } = upgrade;
  const key = ['m.room.canonical_alias', ''] as const;
  const content = (await stateEvent(room, upgrade, roomId, key))?.content ?? {};
  const isOurs = (alias: JsonValue | undefined): boolean => {
    const parsed = typeof alias === 'string' ? parseRoomAlias(alias) : undefined;
    return parsed?.ok === true && roomAliasServer(parsed.value) === serverName;
  };
  const ours = aliasContent(content, isOurs);
  if (Object.keys(ours).length === 0) return;
  const draft = (moved: JsonObject) => ({ type: key[0], stateKey: '', sender: userId, content: moved });
  if ((await stateEvent(room, upgrade, replacement, key)) === undefined) {
    await ifAllowed(async () => void (await room.send({ roomId: replacement, draft: draft(ours) })));
  }
  await room.send({ roomId, draft: draft(aliasContent(content, (alias) => !isOurs(alias))) });
}

function aliasContent(content: JsonObject, isKept: (alias: JsonValue | undefined) => boolean): JsonObject {
  const { alias, alt_aliases: others } = content;
  const kept = Array.isArray(others) ? (others as readonly JsonValue[]).filter(isKept) : [];
  return {
    ...(alias !== undefined && isKept(alias) ? { alias } : {}),
    ...(kept.length === 0 ? {} : { alt_aliases: kept }),
  };
}

/** Messages and invitations need more than what users have without being named. */
async function restrict({ room }: MoveDeps, upgrade: Replacement): Promise<void> {
  const { roomId, userId } = upgrade;
  const { roomVersion = '' } = await room.status({ roomId });
  const rules = roomVersionRules(roomVersion);
  const content = (await stateEvent(room, upgrade, roomId, ['m.room.power_levels', '']))?.content;
  if (rules === undefined || content === undefined) return;
  const levelOf = (key: string) => Number(readPowerLevel(rules, content[key]) ?? 0);
  const least = Math.max(50, levelOf('users_default') + 1);
  if (levelOf('events_default') >= least && levelOf('invite') >= least) return;
  const restricted = {
    ...content,
    events_default: Math.max(least, levelOf('events_default')),
    invite: Math.max(least, levelOf('invite')),
  };
  const draft = { type: 'm.room.power_levels', stateKey: '', sender: userId, content: restricted };
  await room.send({ roomId, draft });
}
