import type { UserId } from '../../matrix/ids/brands.ts';
import type { RoomStore } from '../store.ts';

export interface JoinedSince {
  readonly epoch: string;
  /** The position at which each began to be joined without a break; who is not joined is missing. */
  readonly since: Readonly<Partial<Record<UserId, number>>>;
}

/** Another name or picture is no break. */
export function joinedSince(
  { state, stream, meta }: Pick<RoomStore, 'state' | 'stream' | 'meta'>,
  userIds: readonly UserId[],
): JoinedSince {
  const head = stream.head();
  const since = userIds.flatMap((userId) => {
    const begun = state.memberships(userId).filter(({ fromPos }) => fromPos <= head);
    let first: number | undefined;
    for (const { fromPos, toPos, membership } of begun.toReversed()) {
      const isNext = first === undefined ? toPos > head : toPos === first;
      if (membership !== 'join' || !isNext) break;
      first = fromPos;
    }
    return first === undefined ? [] : [[userId, first] as const];
  });
  return { epoch: meta.epoch(), since: Object.fromEntries(since) };
}
