import type { Pdu } from '../event/pdu.ts';
import type { RoomVersionRules } from '../room-versions/rules.ts';

/**
 * @returns who made the room: joins first and has power before levels are set. In versions that read `content.creator`,
 * `undefined` where that is no string.
 * Source: rule "the only previous event is an `m.room.create`" of each page; Room Version 11, "Remove the creator
 * property".
 */
export function roomCreator(rules: RoomVersionRules, create: Pdu): string | undefined {
  if (rules.creatorIsSender) return create.sender;
  const { creator } = create.content;
  return typeof creator === 'string' ? creator : undefined;
}

/**
 * @returns the users who stand above every power level: the sender of the create event first, then
 * `additional_creators` in their order; none in versions without such creators.
 * Source: Room Version 12, "Authorisation rules".
 */
export function privilegedCreators(rules: RoomVersionRules, create: Pdu): readonly string[] {
  if (!rules.creatorsArePrivileged) return [];
  const additional = create.content.additional_creators;
  return [create.sender, ...(Array.isArray(additional) ? additional.filter((user) => typeof user === 'string') : [])];
}
