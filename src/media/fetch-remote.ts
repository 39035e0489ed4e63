import type { MediaName } from '../matrix/ids/mxc.ts';
import { allow, deny, type Result } from '../matrix/result.ts';
import { acceptedContentType } from './content-type.ts';
import { contentKey } from './object-keys.ts';
import type { FetchFailure, MediaDeps } from './ports.ts';

/** Nobody else fetches the same file within this, unless who fetches it gave up. */
const LEASE_MS = 180_000;
/** After a failure that may pass. */
const RETRY_DELAYS_MS = [300, 1_500];
const MIN_TIMEOUT_MS = 5_000;

/**
 * Fetches a file of another server into the store, once for everybody. A failure is not remembered: the next request
 * tries again.
 * @param waitMs how long who asks waits for an uploader over there.
 */
export async function fetchRemote(
  deps: MediaDeps,
  name: MediaName,
  waitMs: number,
): Promise<Result<undefined, FetchFailure> | 'under-way'> {
  const now = deps.now();
  if (!(await deps.records.lease({ ...name, now, untilTs: now + LEASE_MS }))) return 'under-way';
  try {
    let outcome = await attempt(deps, name, waitMs);
    for (const delayMs of RETRY_DELAYS_MS) {
      if (outcome.ok || outcome.reason.kind !== 'unavailable' || deps.now() > now + waitMs) break;
      await deps.after(delayMs);
      outcome = await attempt(deps, name, waitMs);
    }
    return outcome;
  } finally {
    await deps.records.release(name);
  }
}

async function attempt(
  { remote, files, records, limits, randomName }: MediaDeps,
  name: MediaName,
  waitMs: number,
): Promise<Result<undefined, FetchFailure>> {
  const objectKey = contentKey(name, randomName());
  const { maxBytes } = await limits();
  const fetched = await remote.fetch(name, Math.max(MIN_TIMEOUT_MS, waitMs), (chunks) =>
    files.storeChunks(objectKey, chunks, maxBytes),
  );
  if (!fetched.ok) return fetched;
  const { contentType, fileName, sizeBytes } = fetched.value;
  const content = { objectKey, sizeBytes, fileName, contentType: acceptedContentType(contentType) };
  if ((await records.complete(name, content, 0)) === 'done') return allow(undefined);
  await files.remove(objectKey);
  return deny({ kind: 'unavailable', reason: 'somebody else was faster' });
}
