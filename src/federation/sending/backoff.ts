const FIRST_DELAY_MS = 1_000;
const MAX_DELAY_MS = 3_600_000;

/**
 * How long a server that failed is left alone: 1 s doubling to 1 h, of which a random half, so that many servers that
 * failed together do not come back together.
 * @param attempt failures in a row, from 1.
 * @param random in [0, 1).
 */
export function backoffDelayMs(attempt: number, random: number): number {
  const fullMs = Math.min(FIRST_DELAY_MS * 2 ** Math.min(attempt - 1, 30), MAX_DELAY_MS);
  return Math.round(fullMs / 2 + (fullMs / 2) * random);
}
