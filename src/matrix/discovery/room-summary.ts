import { isJsonObject, type JsonObject, type JsonValue } from '../json/json-value.ts';
import { parseRoomAlias } from '../ids/room-alias.ts';
import { parseRoomId } from '../ids/room-id.ts';
import type { RoomId } from '../ids/brands.ts';
import { plainTopic } from './plain-topic.ts';

/** What the directory shows of a room. Source: Client-Server API, "Published room directory". */
export interface PublishedRoom {
  readonly room_id: RoomId;
  readonly name?: string;
  readonly topic?: string;
  readonly canonical_alias?: string;
  readonly avatar_url?: string;
  readonly num_joined_members: number;
  readonly world_readable: boolean;
  readonly guest_can_join: boolean;
  readonly join_rule?: string;
  readonly room_type?: string;
}

/** What somebody outside a room is told of it before they enter. Source: Client-Server API, "Room Summaries". */
export interface RoomSummary extends PublishedRoom {
  readonly allowed_room_ids?: readonly RoomId[];
  readonly encryption?: string;
  readonly room_version?: string;
}

/** What a summary tells beside the state. */
export interface SummaryFacts {
  readonly roomId: RoomId;
  readonly roomVersion: string;
  readonly joinedMembers: number;
  /** Of a restricted room: whose members may join. */
  readonly allowedRooms: readonly RoomId[];
}

/** @param content of the state event of a type with an empty state key; `undefined` where there is none. */
export function summarise(content: (type: string) => JsonObject | undefined, facts: SummaryFacts): RoomSummary {
  const text = (type: string, key: string) => textOf(content(type)?.[key]);
  const alias = text('m.room.canonical_alias', 'alias');
  return defined({
    room_id: facts.roomId,
    name: text('m.room.name', 'name'),
    topic: topicOf(content('m.room.topic')),
    canonical_alias: alias !== undefined && parseRoomAlias(alias).ok ? alias : undefined,
    avatar_url: mxcOf(content('m.room.avatar')?.['url']),
    num_joined_members: facts.joinedMembers,
    world_readable: text('m.room.history_visibility', 'history_visibility') === 'world_readable',
    guest_can_join: text('m.room.guest_access', 'guest_access') === 'can_join',
    // A room without a rule lets in whom it invites (the authorization rules).
    join_rule: text('m.room.join_rules', 'join_rule') ?? 'invite',
    room_type: text('m.room.create', 'type'),
    allowed_room_ids: facts.allowedRooms.length === 0 ? undefined : facts.allowedRooms,
    encryption: text('m.room.encryption', 'algorithm'),
    room_version: facts.roomVersion,
  });
}

/** The types of state that a summary is made of, and what administrators are shown with it. */
export const summaryStateTypes: ReadonlySet<string> = new Set([
  'm.room.create',
  'm.room.name',
  'm.room.topic',
  'm.room.canonical_alias',
  'm.room.avatar',
  'm.room.history_visibility',
  'm.room.guest_access',
  'm.room.join_rules',
  'm.room.encryption',
  'm.room.tombstone',
  'm.room.member',
]);

/** The part of a summary that the directory shows. */
export function publishedPart(summary: RoomSummary): PublishedRoom {
  const { allowed_room_ids: _allowed, encryption: _encryption, room_version: _version, ...published } = summary;
  return published;
}

const MAX_ALLOWED_ROOMS = 200;

/**
 * Reads a summary that another server gave.
 * @returns `undefined` where it names no room, or lacks what it must have; what has the wrong shape otherwise is left out.
 */
export function readSummary(json: JsonValue | undefined): RoomSummary | undefined {
  if (!isJsonObject(json)) return undefined;
  const roomId = typeof json['room_id'] === 'string' ? parseRoomId(json['room_id']) : undefined;
  const members = json['num_joined_members'];
  if (roomId?.ok !== true || typeof members !== 'number') return undefined;
  const allowed = json['allowed_room_ids'];
  const alias = textOf(json['canonical_alias']);
  return defined({
    room_id: roomId.value,
    name: textOf(json['name']),
    topic: textOf(json['topic']),
    canonical_alias: alias !== undefined && parseRoomAlias(alias).ok ? alias : undefined,
    avatar_url: mxcOf(json['avatar_url']),
    num_joined_members: members,
    world_readable: json['world_readable'] === true,
    guest_can_join: json['guest_can_join'] === true,
    join_rule: textOf(json['join_rule']),
    room_type: textOf(json['room_type']),
    allowed_room_ids: Array.isArray(allowed) ? allowed.slice(0, MAX_ALLOWED_ROOMS).flatMap(roomIdIn) : undefined,
    encryption: textOf(json['encryption']),
    room_version: textOf(json['room_version']),
  });
}

function roomIdIn(value: JsonValue): readonly RoomId[] {
  const parsed = typeof value === 'string' ? parseRoomId(value) : undefined;
  return parsed?.ok === true ? [parsed.value] : [];
}

/** Source: Client-Server API, `m.room.topic`: the `text/plain` representation, which `topic` repeats. */
function topicOf(content: JsonObject | undefined): string | undefined {
  const plain = plainTopic(content);
  return textOf(plain === undefined ? content?.['topic'] : plain['body']);
}

function textOf(value: JsonValue | undefined): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

function mxcOf(value: JsonValue | undefined): string | undefined {
  const text = textOf(value);
  return text?.startsWith('mxc://') === true ? text : undefined;
}

type Defined<T> = {
  readonly [Key in keyof T as undefined extends T[Key] ? never : Key]: T[Key];
} & { readonly [Key in keyof T as undefined extends T[Key] ? Key : never]?: Exclude<T[Key], undefined> };

/** Leaves out what is `undefined`. */
function defined<T extends object>(fields: T): Defined<T> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Defined<T>;
}
