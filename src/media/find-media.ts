import { eyrieConnectionFailed, eyriePolicyDenied, notFound, notYetUploaded, remoteTooLarge } from '../matrix/error.ts';
import type { MediaName } from '../matrix/ids/mxc.ts';
import { fetchRemote } from './fetch-remote.ts';
import type { Background, FetchFailure, MediaDeps, MediaRecord } from './ports.ts';

/** Source: Client-Server API, `timeout_ms` of the downloads, and its default. */
const DEFAULT_WAIT_MS = 20_000;
const MAX_WAIT_MS = 60_000;
const LOOK_AGAIN_MS = 250;
const DAY_MS = 24 * 3_600_000;

/** A file whose bytes are here. */
export type Media = MediaRecord & { readonly objectKey: string };

export interface Wanted {
  readonly name: MediaName;
  /** How long to wait for bytes that have not come yet. */
  readonly waitMs: number | undefined;
  readonly background: Background;
}

/**
 * Finds a file here, waits for one that is being uploaded, fetches one of another server.
 * Throws `M_NOT_FOUND`, `M_NOT_YET_UPLOADED`, and what became of the fetch.
 */
export async function findMedia(deps: MediaDeps, { name, waitMs, background }: Wanted): Promise<Media> {
  const until = deps.now() + Math.min(Math.max(0, waitMs ?? DEFAULT_WAIT_MS), MAX_WAIT_MS);
  const isOurs = name.server === deps.serverName;
  for (;;) {
    const record = await deps.records.find(name);
    const media = record === undefined ? undefined : whole(record);
    if (media !== undefined) {
      if (media.accessedTs < deps.now() - DAY_MS) background(deps.records.touch(name, deps.now()));
      return media;
    }
    if (isOurs && !isAwaited(record, deps.now())) throw notFound('There is no such file');
    const left = until - deps.now();
    if (!isOurs) {
      const fetched = fetchRemote(deps, name, left);
      // Goes on when who asked is gone: the next one finds it here.
      background(fetched);
      const outcome = await fetched;
      if (outcome !== 'under-way' && !outcome.ok) throw cannotFetch(outcome.reason);
      if (outcome !== 'under-way') continue;
    }
    if (left <= 0) throw notYetUploaded('The file has not been uploaded yet');
    await deps.after(Math.min(LOOK_AGAIN_MS, left));
  }
}

function whole(record: MediaRecord): Media | undefined {
  if (record.isQuarantined) throw notFound('This file was quarantined by an administrator');
  return record.objectKey === undefined ? undefined : { ...record, objectKey: record.objectKey };
}

const isAwaited = (record: MediaRecord | undefined, now: number) =>
  record?.expiresTs !== undefined && record.expiresTs > now;

function cannotFetch(failure: FetchFailure): Error {
  switch (failure.kind) {
    case 'not-found':
      return notFound('The server of this file says that there is none');
    case 'not-yet-uploaded':
      return notYetUploaded('The file has not been uploaded yet');
    case 'too-large':
      return remoteTooLarge('The file is larger than this server fetches');
    case 'denied':
      return eyriePolicyDenied(`This server may not ask for the file: ${failure.reason}`);
    default:
      return eyrieConnectionFailed(`The server of this file cannot be asked now: ${failure.reason}`);
  }
}
