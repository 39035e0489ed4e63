/** Answers of operations are kept this long (contracts, section 6). */
const KEEP_OPERATIONS_MS = 600_000;

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
      if (done !== undefined) return JSON.parse(done.answer) as T;
      const value = work();
      storage.sql.exec('delete from operations where at < ?', call.now - KEEP_OPERATIONS_MS);
      storage.sql.exec(
        'insert into operations (op_id, answer, at) values (?, ?, ?)',
        call.opId,
        JSON.stringify(value ?? null),
        call.now,
      );
      return value;
    });
  } catch (error) {
    for (const cache of caches) cache.forget();
    throw error;
  }
}
