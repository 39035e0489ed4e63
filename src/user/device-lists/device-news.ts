import { userIdServer } from '../../matrix/ids/user-id.ts';
import type { RoomId, ServerName, UserId } from '../../matrix/ids/brands.ts';
import type { KeyUseStore } from '../keys/key-use-store.ts';
import type { ProgressStore } from '../progress/store.ts';
import type { DeviceListChange, DeviceListStore } from './device-list-store.ts';

/** What application services that encrypt may have to hear of. */
export interface DeviceNews {
  /** Looked through up to here. */
  readonly seq: number;
  /** Whose device lists changed, with the rooms whose members are told, or the one user who is. */
  readonly lists: readonly {
    readonly userId: UserId;
    readonly roomIds: readonly RoomId[];
    readonly viewer?: UserId;
  }[];
  /** Users, perhaps of application services, of whose one-time or fallback keys some were taken. */
  readonly used: readonly UserId[];
}

interface Stores {
  readonly deviceLists: Pick<DeviceListStore, 'changedAfter'>;
  readonly keyUses: Pick<KeyUseStore, 'after'>;
  readonly progress: Pick<ProgressStore, 'head' | 'roomsOf'>;
}

const MAX_ROWS = 500;
/** Of all changes of one answer. */
const MAX_ROOMS = 5_000;

/** The news behind a `seq`. A user of this server is told of by the shard of that user alone, which knows all their rooms. */
export function deviceNewsAfter({ deviceLists, keyUses, progress }: Stores, after: number, us: ServerName): DeviceNews {
  const used = keyUses.after(after, MAX_ROWS);
  const changes = deviceLists.changedAfter(after, MAX_ROWS);
  let seq = Math.min(progress.head(), reached(used), reached(changes));
  const lists: DeviceNews['lists'][number][] = [];
  let rooms = 0;
  for (const change of changes) {
    const news = newsOf(progress, change, us);
    if (news === undefined) continue;
    if (rooms > 0 && rooms + news.roomIds.length > MAX_ROOMS) {
      seq = Math.min(seq, change.seq - 1);
      break;
    }
    rooms += news.roomIds.length;
    lists.push(news);
  }
  return { seq, lists, used: used.map(({ userId }) => userId) };
}

const reached = (rows: readonly { readonly seq: number }[]): number =>
  rows.length < MAX_ROWS ? Infinity : (rows.at(-1)?.seq ?? Infinity);

function newsOf(
  progress: Pick<ProgressStore, 'roomsOf'>,
  { userId, roomIds, viewer }: DeviceListChange,
  us: ServerName,
): DeviceNews['lists'][number] | undefined {
  if (viewer !== undefined) return { userId, roomIds: [], viewer };
  if (roomIds !== undefined) return userIdServer(userId) === us ? undefined : { userId, roomIds };
  const joined = progress.roomsOf(userId).filter(({ membership }) => membership === 'join');
  return { userId, roomIds: joined.map(({ roomId }) => roomId) };
}
