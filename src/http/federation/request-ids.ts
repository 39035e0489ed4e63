import { invalidParam, missingParam } from '../../matrix/error.ts';
import { parseEventId } from '../../matrix/ids/event-id.ts';
import { parseRoomAlias } from '../../matrix/ids/room-alias.ts';
import { parseRoomId } from '../../matrix/ids/room-id.ts';
import { parseUserId } from '../../matrix/ids/user-id.ts';
import type { EventId, RoomAlias, RoomId, UserId } from '../../matrix/ids/brands.ts';
import type { Result } from '../../matrix/result.ts';

/** Identifiers of paths and queries: `M_MISSING_PARAM` for none, `M_INVALID_PARAM` for what is no such identifier. */
export const roomIdIn = (text: string | undefined): RoomId => parsed(text, parseRoomId);
export const eventIdIn = (text: string | undefined): EventId => parsed(text, parseEventId);
export const userIdIn = (text: string | undefined): UserId => parsed(text, parseUserId);
export const roomAliasIn = (text: string | undefined): RoomAlias => parsed(text, parseRoomAlias);

function parsed<T>(text: string | undefined, parse: (text: string) => Result<T, string>): T {
  if (text === undefined || text === '') throw missingParam('An identifier is missing');
  const result = parse(text);
  if (!result.ok) throw invalidParam(`The value is ${result.reason}`);
  return result.value;
}
