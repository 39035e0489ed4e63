// A room that an administrator of this server has closed to its users.
import type { UserId } from '../../matrix/ids/brands.ts';
import { userIdServer } from '../../matrix/ids/user-id.ts';
import { failRunningJoin } from '../join/join-saga.ts';
import { rejectRemoteInvite } from '../membership/out-of-band.ts';
import type { RoomContext } from '../room-context.ts';
import { sendEvent } from '../send/send-event.ts';
import type { RoomStore } from '../store.ts';
import { shutdownOf, type Shutdown } from './require-open.ts';

/** A user of ours who is in the room, or about to be. */
export interface Insider {
  readonly userId: UserId;
  readonly membership: 'join' | 'invite' | 'knock';
}

/** Users of whom it is kept that they could not leave. */
const MAX_FAILED = 1_000;

/**
 * Closes the room from this transaction on, also to a join that is under way; who is in it leaves by and by. One that is
 * closed already begins anew, with who could not leave before.
 */
export function beginShutdown(ctx: RoomContext, { by, notice }: Pick<Shutdown, 'by' | 'notice'>): void {
  const { store } = ctx;
  const before = shutdownOf(store);
  failRunningJoin(ctx);
  const wanted = notice ?? before?.notice;
  putShutdown(store, {
    by,
    since: ctx.now,
    ...(wanted === undefined ? {} : { notice: wanted }),
    step: 'directory',
    removed: before?.removed ?? 0,
    failed: [],
  });
}

export function putShutdown(store: Pick<RoomStore, 'sagas'>, shutdown: Shutdown): void {
  const { step, since } = shutdown;
  store.sagas.put({ kind: 'shutdown', key: 'room', step, data: JSON.stringify(shutdown), at: since });
}

/** Users may come in again. Who has left does not come back by it. */
export function endShutdown(store: Pick<RoomStore, 'sagas'>): void {
  store.sagas.remove('shutdown', 'room');
}

/** Users of ours who were not asked to leave yet, in the order of their IDs: also those who cannot leave come to an end. */
export function nextInsiders(
  { store, serverName }: Pick<RoomContext, 'store' | 'serverName'>,
  shutdown: Shutdown,
  limit: number,
): readonly Insider[] {
  const { after = '' } = shutdown;
  return insiders(store)
    .filter(({ userId }) => userIdServer(userId) === serverName && userId > after)
    .sort((a, b) => (a.userId < b.userId ? -1 : 1))
    .slice(0, limit);
}

/** How many users of ours are in it, invited to it or knock on it. */
export function countInsiders({ store, serverName }: Pick<RoomContext, 'store' | 'serverName'>): number {
  return insiders(store).filter(({ userId }) => userIdServer(userId) === serverName).length;
}

function insiders(store: RoomStore): readonly Insider[] {
  return store.state.membersAmong(['join', 'invite', 'knock'], store.stream.head());
}

/**
 * The user leaves, as if by themselves: other servers are told so. An invitation or a knock from outside is rejected.
 * @returns whether they have left.
 */
export function removeInsider(ctx: RoomContext, { userId }: Insider): boolean {
  const reason = 'An administrator of this server has closed this room';
  const isLive = ctx.store.meta.lifecycle() === 'live';
  const content = { membership: 'leave', reason };
  // What throws takes back what it wrote.
  return ctx.attempt(() => {
    if (isLive) sendEvent(ctx, { type: 'm.room.member', sender: userId, stateKey: userId, content });
    else rejectRemoteInvite(ctx, userId, { reason });
  }).ok;
}

/** After some were asked to leave, in the order of {@link nextInsiders}; after nobody it is done. */
export function withRemoved(shutdown: Shutdown, asked: readonly UserId[], gone: readonly UserId[]): Shutdown {
  const after = asked.at(-1);
  if (after === undefined) return { ...shutdown, step: 'done' };
  const stayed = asked.filter((userId) => !gone.includes(userId));
  return {
    ...shutdown,
    after,
    removed: shutdown.removed + gone.length,
    failed: [...shutdown.failed, ...stayed].slice(0, MAX_FAILED),
  };
}
