/** Calls for each of `items`, at most `limit` at once. @returns how each one ended, in the order of the items. */
export async function settledInTurns<T, R>(
  limit: number,
  items: readonly T[],
  call: (item: T) => Promise<R>,
): Promise<readonly PromiseSettledResult<R>[]> {
  const left = [...items.entries()];
  const ended = new Map<number, PromiseSettledResult<R>>();
  const next = async (): Promise<void> => {
    for (let taken = left.shift(); taken !== undefined; taken = left.shift()) {
      const [at, item] = taken;
      const [result] = await Promise.allSettled([call(item)]);
      ended.set(at, result);
    }
  };
  await Promise.all(Array.from({ length: Math.min(limit, items.length) }, next));
  return items.flatMap((_item, at) => ended.get(at) ?? []);
}
