/** How many requests for a preparation are under way at once. */
const AT_ONCE = 8;

/** Works on a list, some of it at a time. */
export async function several<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const waiting = items.values();
  const workers = Array.from({ length: AT_ONCE }, async () => {
    for (const item of waiting) await work(item);
  });
  await Promise.all(workers);
}
