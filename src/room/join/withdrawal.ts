// After a join failed that a server may have received: it is told that the user has left (contracts, section 3).
import type { EventId, ServerName, UserId } from '../../matrix/ids/brands.ts';
import type { RoomContext } from '../room-context.ts';
import type { RoomStore } from '../store.ts';

export interface SentJoin {
  readonly server: ServerName;
  readonly eventId: EventId;
}

export interface Withdrawal {
  /** Servers that may have received a join, with its ID. */
  readonly sent: readonly SentJoin[];
  /** Milliseconds since the epoch. */
  readonly since: number;
}

/** Given up after this. */
const WITHDRAWAL_LIFE_MS = 7 * 86_400_000;

/** How long one try to tell a server may last; until then the user's next join waits, or the leave would come after it. */
export const WITHDRAW_MS = 15_000;

export function withdraw(ctx: RoomContext, userId: UserId, sent: readonly SentJoin[]): void {
  if (sent.length > 0) put(ctx, userId, 'open', { sent, since: ctx.now }, ctx.now);
}

/** What is still to be told: nothing once the room is live, where the user is seen as what they are. */
export function openWithdrawal(
  store: Pick<RoomStore, 'sagas' | 'meta'>,
  userId: UserId,
  now: number,
): Withdrawal | undefined {
  const saga = store.sagas.get('withdrawal', userId);
  if (saga === undefined) return undefined;
  const withdrawal = JSON.parse(saga.data) as Withdrawal;
  const isOver = store.meta.lifecycle() === 'live' || now - withdrawal.since >= WITHDRAWAL_LIFE_MS;
  return isOver ? undefined : withdrawal;
}

/** A try begins. @returns what is to be told, where it is open. */
export function beginWithdrawal(ctx: RoomContext, userId: UserId): Withdrawal | undefined {
  const withdrawal = openWithdrawal(ctx.store, userId, ctx.now);
  if (withdrawal === undefined) ctx.store.sagas.remove('withdrawal', userId);
  else put(ctx, userId, 'telling', withdrawal, ctx.now);
  return withdrawal;
}

/** A try has ended: those of `told` need not be told any more. @returns whether something is left. */
export function endWithdrawal(ctx: RoomContext, userId: UserId, told: readonly SentJoin[]): boolean {
  const withdrawal = openWithdrawal(ctx.store, userId, ctx.now);
  if (withdrawal === undefined) return false;
  const left = withdrawal.sent.filter(({ eventId }) => !told.some((one) => one.eventId === eventId));
  if (left.length === 0) ctx.store.sagas.remove('withdrawal', userId);
  else put(ctx, userId, 'open', { ...withdrawal, sent: left }, ctx.now);
  return left.length > 0;
}

/** Whether a server is being told right now. */
export function holdsWithdrawal(store: Pick<RoomStore, 'sagas'>, userId: UserId, now: number): boolean {
  const saga = store.sagas.get('withdrawal', userId);
  return saga?.step === 'telling' && now - saga.at < WITHDRAW_MS;
}

/** The user joins again: nobody is told any more unless that fails too. */
export function takeOverWithdrawal(store: Pick<RoomStore, 'sagas'>, userId: UserId): readonly SentJoin[] {
  const saga = store.sagas.get('withdrawal', userId);
  store.sagas.remove('withdrawal', userId);
  return saga === undefined ? [] : (JSON.parse(saga.data) as Withdrawal).sent;
}

function put({ store }: RoomContext, userId: UserId, step: 'open' | 'telling', data: Withdrawal, at: number): void {
  store.sagas.put({ kind: 'withdrawal', key: userId, step, data: JSON.stringify(data), at });
}
