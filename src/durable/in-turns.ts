/** Calls for each of `items`, at most `limit` at once. What fails is passed over. */
export async function inTurns<T, R>(
  limit: number,
  items: readonly T[],
  call: (item: T) => Promise<R>,
): Promise<readonly R[]> {
  const left = [...items];
  const answers: R[] = [];
  const next = async (): Promise<void> => {
    for (let item = left.shift(); item !== undefined; item = left.shift()) {
      await call(item).then(
        (answer) => answers.push(answer),
        () => undefined,
      );
    }
  };
  await Promise.all(Array.from({ length: Math.min(limit, left.length) }, next));
  return answers;
}
