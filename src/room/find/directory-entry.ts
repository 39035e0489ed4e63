import { publishedPart, type PublishedRoom } from '../../matrix/discovery/room-summary.ts';
import { searchable } from '../../matrix/discovery/search-text.ts';
import type { RoomId } from '../../matrix/ids/brands.ts';
import type { RoomStore } from '../store.ts';
import { describeRoom } from './describe-room.ts';

/** The directory is a list of many: nobody reads a book there. In UTF-16 units. */
const MAX_NAME = 500;
const MAX_TOPIC = 2_000;
/** The row is written with every membership. */
const MAX_SERVERS = 1_000;

export interface DirectoryEntry {
  readonly roomId: RoomId;
  readonly pos: number;
  readonly joinedMembers: number;
  readonly roomType: string | null;
  readonly search: string;
  /** JSON. */
  readonly summary: string;
  /** JSON of what administrators are shown besides: `encrypted`, `tombstoned`, and `servers` with a member. */
  readonly details: string;
}

/** What the directory shows of the room, and finds it by. A room that we are not in has no members there. */
export function directoryEntry(store: RoomStore): DirectoryEntry {
  const { name, topic, ...rest } = publishedPart(describeRoom(store));
  const isOurs = store.meta.lifecycle() === 'live';
  const shown: PublishedRoom = {
    ...rest,
    ...(name === undefined ? {} : { name: cut(name, MAX_NAME) }),
    ...(topic === undefined ? {} : { topic: cut(topic, MAX_TOPIC) }),
  };
  const found = [shown.name, shown.topic, shown.canonical_alias].filter((text) => text !== undefined);
  return {
    roomId: shown.room_id,
    pos: store.stream.head(),
    joinedMembers: isOurs ? shown.num_joined_members : 0,
    roomType: shown.room_type?.toWellFormed() ?? null,
    search: searchable(found.join('\n')),
    summary: JSON.stringify(shown),
    details: JSON.stringify(detailsOf(store, isOurs)),
  };
}

function detailsOf({ state, stream }: RoomStore, isOurs: boolean) {
  const head = stream.head();
  const holds = (type: string) => state.at(type, '', head) !== undefined;
  return {
    encrypted: holds('m.room.encryption'),
    tombstoned: holds('m.room.tombstone'),
    servers: isOurs ? state.serversAt(head).slice(0, MAX_SERVERS) : [],
  };
}

function cut(text: string, length: number): string {
  return text.length <= length ? text : text.slice(0, length).toWellFormed();
}
