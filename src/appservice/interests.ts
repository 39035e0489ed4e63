import { makeUserId, userIdServer } from '../matrix/ids/user-id.ts';
import type { RoomAlias, RoomId, ServerName, UserId } from '../matrix/ids/brands.ts';
import type { Namespace, Registration } from './ports.ts';

/** Which users, aliases and rooms concern an application service. */
export interface Interests {
  /** The user that it acts as where it names none. */
  readonly sender: UserId;
  /** Whether it may act as this user: of this server, in the namespace or the sender. */
  ownsUser(userId: UserId): boolean;
  /** Whether nobody else may have such a user. */
  isExclusiveUser(userId: UserId): boolean;
  ownsAlias(alias: RoomAlias): boolean;
  isExclusiveAlias(alias: RoomAlias): boolean;
  hasRoom(roomId: RoomId): boolean;
}

/**
 * Only users of this server count, whatever the expressions match. Expressions are anchored at the start.
 * Source: Application Service API, "Registration"; the anchor is what existing servers do.
 */
export function interestsOf({ senderLocalpart, namespaces }: Registration, serverName: ServerName): Interests {
  const made = makeUserId(senderLocalpart, serverName);
  if (!made.ok) throw new Error('the sender of an application service is no user ID');
  const sender = made.value;
  const users = matcher(namespaces.users);
  const aliases = matcher(namespaces.aliases);
  const rooms = matcher(namespaces.rooms);
  const isOurs = (userId: UserId) => userIdServer(userId) === serverName;
  return {
    sender,
    ownsUser: (userId) => userId === sender || (isOurs(userId) && users.some(userId)),
    isExclusiveUser: (userId) => userId === sender || (isOurs(userId) && users.isExclusive(userId)),
    ownsAlias: aliases.some,
    isExclusiveAlias: aliases.isExclusive,
    hasRoom: rooms.some,
  };
}

function matcher(namespaces: readonly Namespace[]) {
  const compiled = namespaces.map(({ exclusive, regex }) => ({ exclusive, regex: new RegExp(`^(?:${regex})`) }));
  const all = compiled.map(({ regex }) => regex);
  const exclusive = compiled.filter((one) => one.exclusive).map(({ regex }) => regex);
  return {
    some: (text: string) => all.some((regex) => regex.test(text)),
    isExclusive: (text: string) => exclusive.some((regex) => regex.test(text)),
  };
}
