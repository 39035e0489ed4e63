import type { UserId } from '../../matrix/ids/brands.ts';
import type { Interests } from '../interests.ts';
import type { DeviceDeps, DeviceKeyCounts, DeviceNews, RoomMoves, ToldDeviceLists } from './device-ports.ts';
import type { DeviceMessage, RoomRange, WaitingRoom } from './ports.ts';

/** Of a transaction. */
const MAX_USERS = 1_000;
const MAX_COUNTED = 500;
/** Who went, of whom is found out at a time whether they are in another room. */
const MAX_WENT = 500;
/** Who did not answer is left alone for so long: what is sent does not wait for them each time. */
const ASK_AGAIN_MS = 30_000;

const NO_MOVES: RoomMoves = { came: [], went: [] };

/** Keys that were counted for a transaction, and of whom. */
export interface CountedKeys {
  readonly userIds: readonly UserId[];
  readonly counts: readonly DeviceKeyCounts[];
}

/**
 * What an application service that encrypts is told besides: whose device lists changed of the users that it is interested
 * in (those of the namespace, and who is in a room of interest), who is none of these any more, and which keys its users
 * have left. Source: MSC3202, of which it says when counts are to be sent: whenever they changed.
 */
export class DeviceTracking {
  readonly #deps: DeviceDeps;
  /** When it may be found out again who has left, and each shard asked for counts (ms). */
  #settleAt = 0;
  readonly #countAt = new Map<string, number>();

  constructor(deps: DeviceDeps) {
    this.#deps = deps;
  }

  /** What a shard told. Runs in the transaction that is open. */
  take(shard: string, interests: Interests, news: DeviceNews | undefined, messages: readonly DeviceMessage[]): void {
    const { store } = this.#deps;
    const changed = (news?.lists ?? []).filter(({ userId, roomIds, viewer }) => {
      if (viewer !== undefined) return interests.ownsUser(viewer);
      return interests.ownsUser(userId) || store.roomsOfInterest(roomIds).length > 0;
    });
    store.noteChanged(changed.map(({ userId }) => userId));
    const used = [...changed, ...messages].map(({ userId }) => userId).concat(news?.used ?? []);
    store.noteUses(
      shard,
      [...new Set(used)].filter((userId) => interests.ownsUser(userId)),
    );
  }

  /**
   * Who came into a room that is read, and who went. Of a room that has become one of interest all members came, of one
   * that is none any more all went. Where no membership changed nobody is asked. Rejects where the room does not answer.
   */
  async movesOf({ roomId, epoch, pos }: WaitingRoom, range: RoomRange, isOfInterest: boolean): Promise<RoomMoves> {
    const { store, roomMoves } = this.#deps;
    const was = pos !== undefined && store.roomsOfInterest([roomId]).length > 0;
    if (isOfInterest && !was) return roomMoves({ roomId, from: undefined, to: range.to });
    // Of another epoch the positions mean nothing.
    if (!was || epoch !== range.epoch) return NO_MOVES;
    if (!isOfInterest) return { came: [], went: (await roomMoves({ roomId, from: undefined, to: pos })).came };
    const hasMemberships = range.events.some(({ target }) => target !== undefined);
    return hasMemberships ? roomMoves({ roomId, from: pos, to: range.to }) : NO_MOVES;
  }

  /** Users of the namespace are of interest wherever they are. Runs in the transaction that is open. */
  moved({ came, went }: RoomMoves, interests: Interests): void {
    const { store } = this.#deps;
    store.noteWent(went.filter((userId) => !interests.ownsUser(userId)));
    store.noteCame(came.filter((userId) => !interests.ownsUser(userId)));
  }

  /** Finds out who of those who went has left; where somebody does not answer, later. */
  async settle(now: number): Promise<void> {
    const { store, stillIn } = this.#deps;
    const went = now < this.#settleAt ? [] : store.went(MAX_WENT);
    if (went.length === 0) return;
    const still = await stillIn(went, (roomIds) => store.roomsOfInterest(roomIds)).catch(() => undefined);
    this.#settleAt = still === undefined ? now + ASK_AGAIN_MS : 0;
    if (still === undefined) return;
    store.settle(
      went.filter((userId) => still.has(userId)),
      went.filter((userId) => !still.has(userId)),
    );
  }

  /**
   * What users have left of their keys, of those for whom it may have changed; whose shard does not answer waits. Where
   * device lists are told, of all: matrix-bot-sdk gives them to no user of whom there is no count beside them.
   * @param hasMoves whether somebody came into a room that is read.
   */
  async count(hasMoves: boolean, now: number): Promise<CountedKeys> {
    const { store, keyCounts } = this.#deps;
    const { changed, left } = store.deviceLists(1);
    const which = hasMoves || changed.length + left.length > 0 ? 'all' : 'due';
    const byShard = Map.groupBy(store.keyUsers(which, MAX_COUNTED), ({ shard }) => shard);
    const asked = await Promise.all(
      [...byShard].map(async ([shard, users]) => {
        if (now < (this.#countAt.get(shard) ?? 0)) return [];
        const userIds = users.map(({ userId }) => userId);
        const counts = await keyCounts(shard, userIds).catch(() => undefined);
        if (counts === undefined) this.#countAt.set(shard, now + ASK_AGAIN_MS);
        else this.#countAt.delete(shard);
        return counts === undefined ? [] : [{ userIds, counts }];
      }),
    );
    const answered = asked.flat();
    return {
      userIds: answered.flatMap(({ userIds }) => userIds),
      counts: answered.flatMap(({ counts }) => counts),
    };
  }

  /** Takes what is told in a transaction. Runs in the one that is open. */
  tell({ userIds, counts }: CountedKeys): ToldDeviceLists {
    const { store } = this.#deps;
    const told = store.deviceLists(MAX_USERS);
    store.removeDeviceLists(told);
    const having = new Set(counts.map(({ userId }) => userId));
    store.counted(
      [...having],
      userIds.filter((userId) => !having.has(userId)),
    );
    return told;
  }

  /** Whether something waits to be told, or found out. */
  hasNews(): boolean {
    return this.#deps.store.hasNews();
  }

  /** When the rest of it is worth a try (ms). */
  next(now: number): number | undefined {
    if (!this.hasNews()) return undefined;
    return Math.max(now, this.#settleAt, ...this.#countAt.values());
  }
}
