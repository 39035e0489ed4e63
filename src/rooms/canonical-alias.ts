import { badAlias, invalidParam, MatrixError } from '../matrix/error.ts';
import { parseRoomAlias } from '../matrix/ids/room-alias.ts';
import type { RoomId } from '../matrix/ids/brands.ts';
import type { JsonObject } from '../matrix/json/json-value.ts';
import type { Asker } from './ports.ts';
import { resolveAlias, type AliasesDeps } from './room-aliases.ts';
import { stateEvent } from './room-reader.ts';

/** New aliases looked at for one event; each may be a question to another server. */
const MAX_NEW_ALIASES = 20;

/**
 * Checks the aliases that an `m.room.canonical_alias` adds: `M_INVALID_PARAM` for what is none, `M_BAD_ALIAS` for one
 * that does not name this room. What the room has already, or loses, is not looked at.
 * Source: Client-Server API, `PUT /rooms/{roomId}/state/{eventType}/{stateKey}`.
 */
export async function checkCanonicalAlias(
  deps: Pick<AliasesDeps, 'rooms' | 'room'>,
  asker: Asker,
  roomId: RoomId,
  content: JsonObject,
): Promise<void> {
  const named = aliasesIn(content);
  if (named.length === 0) return;
  const before = await stateEvent(deps.room, asker, roomId, ['m.room.canonical_alias', '']);
  const held = new Set(before === undefined ? [] : aliasesIn(before.content));
  const added = [...new Set(named)].filter((text) => !held.has(text));
  if (added.length > MAX_NEW_ALIASES) throw invalidParam(`At most ${MAX_NEW_ALIASES} aliases can be added at once`);
  for (const text of added) {
    const alias = typeof text === 'string' ? parseRoomAlias(text) : undefined;
    if (alias?.ok !== true) throw invalidParam('An alias is not valid');
    const resolved = await resolveAlias(deps, alias.value).catch((error: unknown) => {
      if (error instanceof MatrixError) return undefined;
      throw error;
    });
    if (resolved?.roomId !== roomId) throw badAlias(`${alias.value} does not point to this room`);
  }
}

function aliasesIn(content: JsonObject): readonly unknown[] {
  const { alias, alt_aliases: altAliases } = content;
  const alternatives = Array.isArray(altAliases) ? (altAliases as readonly unknown[]) : [];
  // Clients clear the alias with `null` or an empty string.
  return [...(alias === undefined || alias === null || alias === '' ? [] : [alias]), ...alternatives];
}
