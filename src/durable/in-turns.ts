import { settledInTurns } from '../federation/settled-in-turns.ts';

/** Calls for each of `items`, at most `limit` at once. What fails is passed over. */
export async function inTurns<T, R>(
  limit: number,
  items: readonly T[],
  call: (item: T) => Promise<R>,
): Promise<readonly R[]> {
  const ended = await settledInTurns(limit, items, call);
  return ended.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []));
}
