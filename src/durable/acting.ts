import { AsyncLocalStorage } from 'node:async_hooks';

const current = new AsyncLocalStorage<string>();

/** Does `work` as an application service: the calls into rooms that come of it carry its ID. */
export function actingAs<T>(appserviceId: string, work: () => Promise<T>): Promise<T> {
  return current.run(appserviceId, work);
}

/** @returns the ID of the application service that acts; `undefined`: none does. */
export function actingAppservice(): string | undefined {
  return current.getStore();
}
