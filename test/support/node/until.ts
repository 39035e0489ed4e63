/**
 * Waits for a condition, asking every 20 ms.
 * @returns the first value that is neither false nor undefined.
 * @throws after `timeoutMs` naming what was waited for, with the last error of the condition as its cause.
 */
export async function until<T>(
  what: string,
  condition: () => T | Promise<T>,
  timeoutMs = 30_000,
): Promise<Exclude<T, false | undefined>> {
  const end = Date.now() + timeoutMs;
  let cause: unknown;
  for (;;) {
    try {
      const value = await condition();
      if (value !== false && value !== undefined) return value as Exclude<T, false | undefined>;
      cause = undefined;
    } catch (error) {
      cause = error;
    }
    if (Date.now() > end) throw new Error(`waited ${timeoutMs} ms for ${what}`, { cause });
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
