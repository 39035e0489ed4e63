import { vi } from 'vitest';

/** Far more than anything takes that is tested, and less than the limit of a test: the machine may be busy. */
const PATIENCE = { timeout: 45_000, interval: 20 };

/** Asks again and again until the check passes. @returns what it returns then. */
export const eventually = <T>(check: () => T | Promise<T>): Promise<T> => vi.waitFor(check, PATIENCE);
