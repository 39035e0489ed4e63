import type { RoomId } from '../../matrix/ids/brands.ts';
import { generationOf, type GivenPos, type PosOf } from './sliding-plan.ts';
import type { ListStores } from './list-rooms.ts';
import type { SentRoom } from './sliding-store.ts';

/** Of one device; the oldest ends where there are more. */
const MAX_CONNECTIONS = 8;
const UNUSED_MS = 30 * 86_400_000;

/** An answer that is about to be given. */
export interface SlidingAnswer extends PosOf {
  /** Names the connection, if it is a new one. */
  readonly newConnection: string;
  /** Of the plan that the answer was made by. */
  readonly seq: number;
  /** Account data was told up to there; `undefined`: it was not asked for. */
  readonly accountSeq: number | undefined;
  /** What the client knows of rooms with this answer. */
  readonly rooms: readonly { readonly roomId: RoomId; readonly room: SentRoom }[];
}

/**
 * Keeps what the client will know when it has the answer, in the transaction that is open. With its `pos` it proved to
 * have that one: what went before is dropped, and so is an answer that was given to the same `pos` and never arrived.
 * @returns the `pos` of the answer. Throws `M_UNKNOWN_POS`.
 */
export function commitAnswer({ sliding }: Pick<ListStores, 'sliding'>, answer: SlidingAnswer, now: number): GivenPos {
  const { userId, deviceId, connId, pos } = answer;
  const base = generationOf({ sliding }, answer);
  if (pos === undefined) sliding.makeRoomFor(answer, MAX_CONNECTIONS - 1, now - UNUSED_MS);
  const connection = pos?.connection ?? answer.newConnection;
  const held = sliding.connection(connection);
  const newest = {
    generation: (held?.newest.generation ?? 0) + 1,
    seq: answer.seq,
    accountSeq: answer.accountSeq ?? base.accountSeq,
  };
  sliding.dropAfter(connection, base.generation);
  sliding.dropBefore(connection, base.generation);
  sliding.putConnection({ userId, deviceId, connId, connection, base, newest }, now);
  sliding.putSentRooms(connection, newest.generation, answer.rooms);
  return { connection, generation: newest.generation };
}
