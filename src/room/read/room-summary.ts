import type { UserId } from '../../matrix/ids/brands.ts';
import type { RoomStore } from '../store.ts';

/** Source: Client-Server API, `GET /sync`, `RoomSummary`. */
export interface RoomSummary {
  readonly 'm.heroes'?: readonly string[];
  readonly 'm.joined_member_count': number;
  readonly 'm.invited_member_count': number;
}

const HEROES = 5;

/** Heroes are named where the room has neither name nor canonical alias, in the order in which they came. */
export function roomSummary(
  store: RoomStore,
  userId: UserId,
  pos: number,
  isNamed: boolean = isNamedAt(store, pos),
): RoomSummary {
  const counts = {
    'm.joined_member_count': store.state.countMembers('join', pos),
    'm.invited_member_count': store.state.countMembers('invite', pos),
  };
  if (isNamed) return counts;
  return { 'm.heroes': heroesOf(store, userId, pos), ...counts };
}

/** Whom a room without a name is called by. */
export function heroesOf(store: RoomStore, userId: UserId, pos: number): readonly UserId[] {
  const present = [...store.state.firstMembers(['join', 'invite'], pos, HEROES + 1)];
  const others = present.filter((member) => member !== userId);
  const heroes = others.length > 0 ? others : store.state.firstMembers(['leave', 'ban'], pos, HEROES + 1);
  return heroes.filter((member) => member !== userId).slice(0, HEROES);
}

/** Whether the room has a name of its own. */
export function isNamedAt(store: RoomStore, pos: number): boolean {
  return hasText(store, 'm.room.name', 'name', pos) || hasText(store, 'm.room.canonical_alias', 'alias', pos);
}

function hasText(store: RoomStore, type: string, key: string, pos: number): boolean {
  const eventId = store.state.at(type, '', pos);
  const value = eventId === undefined ? undefined : store.events.get(eventId)?.pdu.content[key];
  return typeof value === 'string' && value !== '';
}
