import type { RoomId, UserId } from '../../matrix/ids/brands.ts';

/** What is done in every room of a user. */
export type RoomJobKind = 'profile' | 'departure' | 'erasure';

/** One room of a job. */
export interface RoomJob {
  readonly kind: RoomJobKind;
  readonly userId: UserId;
  readonly roomId: RoomId;
  /** Tells this order to do it from a later one. */
  readonly revision: number;
  /** The ID of the application service that ordered it. */
  readonly appservice: string | undefined;
  /** Tries that failed so far. */
  readonly attempts: number;
}

/** What is to be done, and for whom. */
export type RoomJobOrder = Pick<RoomJob, 'kind' | 'userId' | 'appservice'>;

/** The job list of a shard. Synchronous. */
export interface RoomJobStore {
  /** Adds rooms to a job, due now; those that wait for it already begin anew. */
  add(order: RoomJobOrder & { readonly revision: number }, roomIds: readonly RoomId[], now: number): void;
  /** What is due by `now`, longest due first. @param userId that of one user alone. */
  due(now: number, limit: number, userId?: UserId): readonly RoomJob[];
  /** When the next is due (ms). */
  next(): number | undefined;
  /** Nothing where it has begun anew since. */
  remove(job: RoomJob): void;
  /** Counts a try that failed. @param at when to try again (ms); `undefined`: never, it is kept to be seen. */
  postpone(job: RoomJob, at: number | undefined): void;
  /** The user has no such job any more. */
  drop(kind: RoomJobKind, userId: UserId): void;
}
