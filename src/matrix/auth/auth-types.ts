import type { Pdu } from '../event/pdu.ts';
import type { RoomVersionRules } from '../room-versions/rules.ts';
import { thirdPartyToken } from './third-party-invite.ts';

/** A (type, state_key) pair. */
export type TypeAndStateKey = readonly [type: string, stateKey: string];

/**
 * The auth events selection: under which keys of the state before it an event's auth events stand. A key that the
 * state does not hold has no auth event. {@link import('./check-auth.ts').checkAuth} reads these keys, the create event
 * and nothing else.
 * @returns each pair once, in the specification's order; none for a create event.
 * Source: Server-Server API, "Auth events selection"; Room Version 12, which leaves the create event out.
 */
export function authEventTuples(
  rules: RoomVersionRules,
  event: Pick<Pdu, 'type' | 'sender' | 'stateKey' | 'content'>,
): readonly TypeAndStateKey[] {
  if (event.type === 'm.room.create') return [];
  const tuples: TypeAndStateKey[] = rules.roomIdIsCreateEvent ? [] : [['m.room.create', '']];
  tuples.push(['m.room.power_levels', ''], ['m.room.member', event.sender]);
  if (event.type === 'm.room.member') tuples.push(...memberTuples(rules, event));
  return tuples;
}

function memberTuples(
  rules: RoomVersionRules,
  { sender, stateKey, content }: Pick<Pdu, 'sender' | 'stateKey' | 'content'>,
): readonly TypeAndStateKey[] {
  const { membership, join_authorised_via_users_server: authoriser } = content;
  const users = new Set<string>();
  if (stateKey !== undefined) users.add(stateKey);
  if (rules.restrictedJoins && membership === 'join' && typeof authoriser === 'string') users.add(authoriser);
  users.delete(sender);
  const tuples: TypeAndStateKey[] = Array.from(users, (user) => ['m.room.member', user]);
  if (membership === 'join' || membership === 'invite' || membership === 'knock')
    tuples.push(['m.room.join_rules', '']);
  const token = membership === 'invite' ? thirdPartyToken(content) : undefined;
  if (token !== undefined) tuples.push(['m.room.third_party_invite', token]);
  return tuples;
}
