import { log } from './log.ts';

/** A request ended in an error that nobody foresaw. */
export function requestFailed(fields: { method: string; path: string; error: unknown }): void {
  const { method, path, error } = fields;
  const stack = error instanceof Error ? (error.stack ?? error.message) : String(error);
  log('error', 'request_failed', { method, path, error: stack });
}
