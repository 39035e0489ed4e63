import { invalidParam } from '../../matrix/error.ts';
import { parseRoomId } from '../../matrix/ids/room-id.ts';
import type { RoomId, ServerName } from '../../matrix/ids/brands.ts';
import { remoteError } from '../invite-user.ts';
import type {
  DirectoryEntry,
  DirectoryPage,
  DirectoryQuery,
  PublishedKey,
  PublishedRooms,
  RemoteFinding,
} from './ports.ts';

/** Rooms of a page. */
const USUAL = 100;
const MOST = 500;

/** The directory of this server. */
export type LocalRooms = (query: DirectoryQuery) => Promise<DirectoryPage>;

/**
 * The published rooms of this server, those with most members first. The projection finds them and holds what they
 * said of themselves; those of which it holds nothing, because they have been silent since it was made, are asked once.
 * Source: Client-Server API, "Published room directory".
 * @param deps.entryOf asks a room what the directory shall show of it; `undefined` where it has nothing to say.
 */
export function localRooms(deps: {
  readonly published: PublishedRooms;
  readonly entryOf: (roomId: RoomId) => Promise<DirectoryEntry | undefined>;
}): LocalRooms {
  // The outcome is kept, never the promise: that of a request whose client went away does not end, and others would wait.
  let isComplete = false;
  return async (query) => {
    // Networks belong to application services, of which there are none.
    if (query.network !== undefined && !query.allNetworks) return { chunk: [], total_room_count_estimate: 0 };
    if (!isComplete && (await complete(deps).catch(() => false))) isComplete = true;
    return page(deps.published, query);
  };
}

/** @returns whether all were asked: a room that cannot be asked now keeps no other from being listed. */
async function complete({ published, entryOf }: Parameters<typeof localRooms>[0]): Promise<boolean> {
  let isComplete = true;
  for (const roomId of await published.lacking()) {
    try {
      const entry = await entryOf(roomId);
      if (entry !== undefined) await published.put(entry);
    } catch {
      isComplete = false;
    }
  }
  return isComplete;
}

async function page(published: PublishedRooms, query: DirectoryQuery): Promise<DirectoryPage> {
  const { search, roomTypes } = query;
  const limit = Math.min(query.limit ?? USUAL, MOST);
  const { dir, from } = query.since === undefined ? { dir: 'f' as const, from: undefined } : parseSince(query.since);
  const [found, count] = await Promise.all([
    published.page({ from, dir, limit: limit + 1, search, roomTypes }),
    published.count(),
  ]);
  const hasMore = found.length > limit;
  const shown = dir === 'f' ? found.slice(0, limit) : found.slice(hasMore ? 1 : 0);
  const [first, last] = [shown[0]?.key, shown.at(-1)?.key];
  // Whoever came here by a token came from the other side.
  const hasNext = dir === 'f' ? hasMore : true;
  const hasPrevious = dir === 'b' ? hasMore : from !== undefined;
  return {
    chunk: shown.map(({ room }) => room),
    ...(hasNext && last !== undefined ? { next_batch: since('f', last) } : {}),
    ...(hasPrevious && first !== undefined ? { prev_batch: since('b', first) } : {}),
    total_room_count_estimate: count,
  };
}

/** A token says where its page begins, or ends: `f` or `b`, the number of members, the room. */
function since(dir: 'f' | 'b', { joinedMembers, roomId }: PublishedKey): string {
  return `${dir}${joinedMembers}_${roomId}`;
}

function parseSince(text: string): { readonly dir: 'f' | 'b'; readonly from: PublishedKey } {
  const [, dir, members, room] = /^([fb])(\d{1,15})_(.+)$/s.exec(text) ?? [];
  const roomId = parseRoomId(room ?? '');
  if ((dir !== 'f' && dir !== 'b') || !roomId.ok) throw invalidParam('since is no token of this list');
  return { dir, from: { joinedMembers: Number(members), roomId: roomId.value } };
}

/** The directory of another server, asked now. Throws its own refusal, 502 where it cannot be asked. */
export async function remoteRooms(
  remote: Pick<RemoteFinding, 'publicRooms'>,
  server: ServerName,
  query: DirectoryQuery,
): Promise<DirectoryPage> {
  const answer = await remote.publicRooms(server, query);
  if (!answer.ok) throw remoteError(answer.reason, server);
  return answer.value;
}
