import type { MediaName } from '../matrix/ids/mxc.ts';
import type { ServerName, UserId } from '../matrix/ids/brands.ts';
import type { Result } from '../matrix/result.ts';

/** What is known of a file of ours, or of another server's that was fetched. */
export interface MediaRecord extends MediaName {
  /** Who uploaded it; `undefined` for what was fetched from another server. */
  readonly userId: UserId | undefined;
  readonly contentType: string;
  /** As the uploader named it. */
  readonly fileName: string | undefined;
  readonly sizeBytes: number;
  /** Where its bytes are; `undefined`: they have not come yet. */
  readonly objectKey: string | undefined;
  readonly createdTs: number;
  /** Until when the bytes have to have come; `undefined` once they have. */
  readonly expiresTs: number | undefined;
  readonly isQuarantined: boolean;
  /** When it was last asked for, to the day. */
  readonly accessedTs: number;
}

/** The bytes of a file that have come. */
export interface StoredContent {
  readonly contentType: string;
  readonly fileName: string | undefined;
  readonly sizeBytes: number;
  readonly objectKey: string;
}

/** `gone`: there is no such reservation (any longer). `taken`: its bytes came before. */
type Completion = 'done' | 'taken' | 'gone' | 'over-quota';

/** Which files there are. */
export interface MediaRecords {
  find(name: MediaName): Promise<MediaRecord | undefined>;
  /**
   * Takes a name for bytes that are to come until `expiresTs`.
   * @returns false where the user has `maxPending` such names already.
   */
  reserve(
    reservation: MediaName & {
      readonly userId: UserId;
      readonly createdTs: number;
      readonly expiresTs: number;
      readonly maxPending: number;
    },
  ): Promise<boolean>;
  /** Takes another server's name for fetching it. @returns false where it is there, or somebody fetches it now. */
  lease(lease: MediaName & { readonly now: number; readonly untilTs: number }): Promise<boolean>;
  /**
   * The bytes of a name have come. What counts against the quota is asked again with it.
   * @param quotaBytes what the uploader may have in all; 0: any.
   */
  complete(name: MediaName, content: StoredContent, quotaBytes: number): Promise<Completion>;
  /**
   * Gives up a name whose bytes did not come. Nothing happens where they have. A quarantined one of another server stays
   * known, or it would be fetched.
   */
  release(name: MediaName): Promise<void>;
  /** How much a user has uploaded and not deleted. */
  usedBytes(userId: UserId): Promise<number>;
  /** Names whose bytes did not come until `beforeTs`; a few. */
  overdue(beforeTs: number): Promise<readonly MediaName[]>;
  /** That somebody has asked for it. */
  touch(name: MediaName, now: number): Promise<void>;
}

export interface ByteRange {
  readonly offset: number;
  readonly length: number;
}

/** Where the bytes are, by keys of ours. */
export interface MediaFiles {
  /** Stores exactly `sizeBytes`. Rejects if the stream breaks off or has another length; then nothing is stored. */
  store(key: string, body: ReadableStream<Uint8Array>, sizeBytes: number): Promise<void>;
  /** Stores bytes that are here, with what {@link describe} tells of them. */
  storeBytes(key: string, bytes: Uint8Array, contentType?: string): Promise<void>;
  /** @returns `undefined` where there is nothing under this key. */
  describe(key: string): Promise<{ readonly sizeBytes: number; readonly contentType: string | undefined } | undefined>;
  /** Stores what comes, at most `maxBytes` of it, else nothing. Rejects if it breaks off. @returns the size. */
  storeChunks(
    key: string,
    chunks: AsyncIterable<Uint8Array>,
    maxBytes: number,
  ): Promise<Result<number, { readonly kind: 'too-large' }>>;
  /** @returns the bytes, or `undefined` where there are none under this key. */
  read(key: string, range?: ByteRange): Promise<ReadableStream<Uint8Array> | undefined>;
  remove(key: string): Promise<void>;
  /** Removes everything whose key begins so. */
  removeAll(prefix: string): Promise<void>;
}

/** Why a file of another server cannot be had now. */
export type FetchFailure =
  /** It says that there is none. */
  | { readonly kind: 'not-found' }
  | { readonly kind: 'not-yet-uploaded' }
  | { readonly kind: 'too-large' }
  /** Our own settings forbid asking it. */
  | { readonly kind: 'denied'; readonly reason: string }
  /** It may work later. */
  | { readonly kind: 'unavailable'; readonly reason: string };

export interface FetchedContent {
  readonly contentType: string | undefined;
  readonly fileName: string | undefined;
  readonly sizeBytes: number;
}

/** Files of other servers. */
export interface RemoteMedia {
  /**
   * Fetches a file.
   * @param timeoutMs until the answer begins; the other server may wait that long for its own uploader.
   * @param store takes the bytes as they come.
   */
  fetch(
    name: MediaName,
    timeoutMs: number,
    store: (chunks: AsyncIterable<Uint8Array>) => Promise<Result<number, { readonly kind: 'too-large' }>>,
  ): Promise<Result<FetchedContent, FetchFailure>>;
}

/** The runtime settings that files go by. */
export interface MediaLimits {
  /** Of one file, uploaded or fetched. */
  readonly maxBytes: number;
  /** Of all that a user has uploaded; 0: any. */
  readonly quotaBytes: number;
}

export interface MediaDeps {
  readonly serverName: ServerName;
  readonly records: MediaRecords;
  readonly files: MediaFiles;
  readonly remote: RemoteMedia;
  readonly limits: () => Promise<MediaLimits>;
  /** URL-safe characters that nobody can guess. */
  readonly randomName: () => string;
  readonly now: () => number;
  readonly after: (delayMs: number) => Promise<void>;
}

/** Lets work go on after the answer. */
export type Background = (work: Promise<unknown>) => void;
