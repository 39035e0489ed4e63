import { allow, deny, type Result } from '../matrix/result.ts';

/** Answers of operations are kept this long (contracts, section 6). */
const KEEP_OPERATIONS_MS = 600_000;

/** What is kept of an answer that is `undefined`, which JSON does not know: `null` would be another answer. */
const NO_ANSWER = '';

interface Cache {
  forget(): void;
}

/**
 * Runs one mutating call as one transaction: a throw after a write would otherwise commit that write. With an
 * operation ID, a call repeated because its answer was lost gets the first answer and acts once.
 * @param caches what keeps read values at hand; dropped when the transaction is rolled back.
 */
export function turn<T>(
  storage: DurableObjectStorage,
  caches: readonly Cache[],
  call: { readonly opId?: string; readonly now: number },
  work: () => T,
): T {
  try {
    return storage.transactionSync(() => {
      if (call.opId === undefined) return work();
      const [done] = storage.sql
        .exec<{ answer: string }>('select answer from operations where op_id = ?', call.opId)
        .toArray();
      if (done !== undefined) return (done.answer === NO_ANSWER ? undefined : JSON.parse(done.answer)) as T;
      const value = work();
      storage.sql.exec('delete from operations where at < ?', call.now - KEEP_OPERATIONS_MS);
      storage.sql.exec(
        'insert into operations (op_id, answer, at) values (?, ?, ?)',
        call.opId,
        value === undefined ? NO_ANSWER : JSON.stringify(value),
        call.now,
      );
      return value;
    });
  } catch (error) {
    for (const cache of caches) cache.forget();
    throw error;
  }
}

/** SQLite's own failures; any other error in it is the fault of what was written. */
const STORAGE_FAILURE = /SQLITE_(FULL|IOERR|NOMEM|BUSY|LOCKED|CORRUPT|READONLY|CANTOPEN|INTERRUPT)/;

/**
 * Inside {@link turn}: runs `work` in a nested transaction, so that a throw takes back it alone, and drops what was
 * cached meanwhile. @returns the error's message where `work` threw. Throws on where the object itself fails: it was
 * reset, is overloaded or cannot write, which is nobody's fault and has to be repeated as a whole.
 */
export function attempt<T>(storage: DurableObjectStorage, caches: readonly Cache[], work: () => T): Result<T, string> {
  try {
    return allow(storage.transactionSync(work));
  } catch (error) {
    for (const cache of caches) cache.forget();
    if (isOutage(error)) throw error;
    return deny(error instanceof Error ? error.message : String(error));
  }
}

function isOutage(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const { durableObjectReset, overloaded, retryable } = error as {
    readonly durableObjectReset?: boolean;
    readonly overloaded?: boolean;
    readonly retryable?: boolean;
  };
  return (
    durableObjectReset === true || overloaded === true || retryable === true || STORAGE_FAILURE.test(error.message)
  );
}
