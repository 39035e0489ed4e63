import type { UserId } from '../../matrix/ids/brands.ts';

/** Whose one-time or fallback keys were taken, of those whose application service may want to know. Synchronous. */
export interface KeyUseStore {
  note(userId: UserId, seq: number): void;
  /** The last use of each user, oldest first. */
  after(seq: number, limit: number): readonly { readonly userId: UserId; readonly seq: number }[];
}
