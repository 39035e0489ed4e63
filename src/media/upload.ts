import {
  MatrixError,
  cannotOverwriteMedia,
  forbidden,
  limitExceeded,
  notFound,
  tooLarge,
  unavailable,
  userLimitExceeded,
} from '../matrix/error.ts';
import type { MediaId, ServerName, UserId } from '../matrix/ids/brands.ts';
import type { MediaName } from '../matrix/ids/mxc.ts';
import { acceptedFileName } from './content-disposition.ts';
import { acceptedContentType } from './content-type.ts';
import { contentKey } from './object-keys.ts';
import type { Background, MediaDeps, MediaLimits } from './ports.ts';
import { removeOverdue } from './remove-overdue.ts';

/** Source: Client-Server API, `POST /_matrix/media/v1/create`. */
const UNUSED_MS = 24 * 3_600_000;
const MAX_PENDING = 100;
const RETRY_AFTER_MS = 60_000;

export interface Upload {
  readonly userId: UserId;
  readonly contentType: string | undefined;
  readonly fileName: string | undefined;
  /** As the client declares it; `undefined`: it does not. */
  readonly sizeBytes: number | undefined;
  readonly body: ReadableStream<Uint8Array> | null;
}

type Created = MediaName & { readonly unusedExpiresTs: number };

/** A name for a file that comes later. Throws `M_LIMIT_EXCEEDED` for who has too many of them. */
export async function createMedia(deps: MediaDeps, userId: UserId, background: Background): Promise<Created> {
  background(removeOverdue(deps));
  const name = { server: deps.serverName, mediaId: deps.randomName() as MediaId };
  const createdTs = deps.now();
  const unusedExpiresTs = createdTs + UNUSED_MS;
  const reservation = { ...name, userId, createdTs, expiresTs: unusedExpiresTs, maxPending: MAX_PENDING };
  if (!(await deps.records.reserve(reservation))) {
    throw limitExceeded('Too many files of yours are waiting for their upload', { retry_after_ms: RETRY_AFTER_MS });
  }
  return { ...name, unusedExpiresTs };
}

/**
 * Takes a file. Its name is written before its bytes, so that none of them is ever without one.
 * Throws `M_TOO_LARGE` and `M_USER_LIMIT_EXCEEDED`, by the declared size before anything is read.
 */
export async function uploadMedia(deps: MediaDeps, upload: Upload, background: Background): Promise<MediaName> {
  const limits = await admit(deps, upload);
  background(removeOverdue(deps));
  const name = { server: deps.serverName, mediaId: deps.randomName() as MediaId };
  const now = deps.now();
  await deps.records.reserve({
    ...name,
    userId: upload.userId,
    createdTs: now,
    expiresTs: now + UNUSED_MS,
    maxPending: Infinity,
  });
  try {
    await take(deps, name, upload, limits);
  } catch (error) {
    // A refusal left no bytes. What anything else left is removed with the name, when that has run out.
    if (error instanceof MatrixError) await deps.records.release(name);
    throw error;
  }
  return name;
}

/** Takes a file whose name was made before. Source: Client-Server API, `PUT /upload/{serverName}/{mediaId}`. */
export async function uploadToMedia(deps: MediaDeps, name: MediaName, upload: Upload): Promise<void> {
  const record = name.server === deps.serverName ? await deps.records.find(name) : undefined;
  if (record === undefined) throw unknownName();
  if (record.userId !== upload.userId) throw forbidden('Somebody else made this media ID');
  if (record.objectKey !== undefined) throw taken();
  if (record.expiresTs === undefined || record.expiresTs <= deps.now()) throw unknownName();
  await take(deps, name, upload, await admit(deps, upload));
}

async function admit(deps: MediaDeps, { userId, sizeBytes = 0 }: Upload): Promise<MediaLimits> {
  const limits = await deps.limits();
  if (sizeBytes > limits.maxBytes) throw tooLargeToTake(limits.maxBytes);
  if (limits.quotaBytes > 0 && (await deps.records.usedBytes(userId)) + sizeBytes > limits.quotaBytes) {
    throw overQuota(deps.serverName, limits.quotaBytes);
  }
  return limits;
}

async function take(deps: MediaDeps, name: MediaName, upload: Upload, limits: MediaLimits): Promise<void> {
  const objectKey = contentKey(name, deps.randomName());
  const sizeBytes = await store(deps, objectKey, upload, limits.maxBytes);
  const content = {
    objectKey,
    sizeBytes,
    contentType: acceptedContentType(upload.contentType),
    fileName: acceptedFileName(upload.fileName),
  };
  const completion = await deps.records.complete(name, content, limits.quotaBytes);
  if (completion === 'done') return;
  await deps.files.remove(objectKey);
  if (completion === 'taken') throw taken();
  if (completion === 'gone') throw unknownName();
  throw overQuota(deps.serverName, limits.quotaBytes);
}

/** Streams the bytes into the store: as they are where their number is known, else in parts that end at the limit. */
async function store({ files }: MediaDeps, key: string, { body, sizeBytes }: Upload, maxBytes: number) {
  try {
    if (body === null || sizeBytes === 0) {
      await files.storeBytes(key, new Uint8Array());
      return 0;
    }
    if (sizeBytes !== undefined) {
      await files.store(key, body, sizeBytes);
      return sizeBytes;
    }
    // Not cancelled where it is too long: the rest may still have to be read, for the answer to arrive (drain-body.ts).
    const stored = await files.storeChunks(key, body.values({ preventCancel: true }), maxBytes);
    if (stored.ok) return stored.value;
  } catch {
    throw unavailable('The file did not arrive whole or could not be stored; upload it again');
  }
  throw tooLargeToTake(maxBytes);
}

const unknownName = () => notFound('This media ID was not created here, or it has expired');
const taken = () => cannotOverwriteMedia('This media ID has its content already');

const tooLargeToTake = (maxBytes: number) =>
  tooLarge(`Files may have at most ${inWords(maxBytes)} on this server (${maxBytes} bytes)`);

const overQuota = (serverName: ServerName, quotaBytes: number) =>
  userLimitExceeded(`You may store ${inWords(quotaBytes)} of files on this server, and have no room for this one`, {
    info_uri: `https://${serverName}/.well-known/matrix/support`,
  });

function inWords(bytes: number): string {
  const [unit, size] = bytes >= 1_048_576 ? ['MiB', 1_048_576] : ['KiB', 1024];
  return `${Math.floor((bytes / size) * 10) / 10} ${unit}`;
}
