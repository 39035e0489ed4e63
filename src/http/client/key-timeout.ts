import * as v from 'valibot';

/** How long to wait for other servers, in milliseconds. */
export const RemoteTimeout = v.optional(v.pipe(v.number(), v.integer(), v.minValue(0)), 10_000);

const MAX_MS = 30_000;

/** The wait that a client asked for, within ours. */
export const keyTimeout = (timeoutMs: number): number => Math.min(timeoutMs, MAX_MS);
