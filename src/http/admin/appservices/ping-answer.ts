import type { PingResult } from '../../../appservice/connect/connect-workspace.ts';

/** How a ping went, in milliseconds. */
export const pingAnswer = (result: PingResult) =>
  result.ok
    ? { ok: true, duration_ms: result.durationMs }
    : { ok: false, reached: result.isReached, errcode: result.errcode, error: result.error };
