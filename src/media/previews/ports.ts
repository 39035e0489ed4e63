import type { Result } from '../../matrix/result.ts';
import type { MediaDeps } from '../ports.ts';

/** A page of somebody else, on the public internet only; `reason` is a sentence for people. */
export type GetPublic = <T>(
  request: {
    readonly url: string;
    readonly protocols: readonly ('https:' | 'http:')[];
    readonly headers: Readonly<Record<string, string>>;
    readonly timeoutMs: number;
    readonly maxBytes: number;
  },
  read: (answer: {
    /** After the redirects. */
    readonly url: URL;
    readonly headers: Headers;
    readonly chunks: AsyncIterable<Uint8Array>;
  }) => Promise<T>,
) => Promise<Result<T, { readonly reason: string }>>;

/** OpenGraph fields, and what stands in their place in Matrix. */
export type Preview = Readonly<Record<string, string | number>>;

/** What a URL led to when it was last asked. */
export interface KeptPreview {
  /** `undefined`: it could not be had. */
  readonly preview: Preview | undefined;
  /** Where the picture came from, which is fetched once. */
  readonly imageUrl: string | undefined;
  readonly fetchedTs: number;
}

export interface PreviewStore {
  /** @param key hash of the URL. */
  find(key: string): Promise<KeptPreview | undefined>;
  put(key: string, kept: KeptPreview): Promise<void>;
  /** Forgets what was last asked before, and the oldest of too many; a few. */
  removeBefore(ts: number): Promise<void>;
}

export interface PreviewDeps {
  readonly media: Pick<MediaDeps, 'serverName' | 'records' | 'files' | 'limits' | 'randomName' | 'now' | 'after'>;
  readonly getPublic: GetPublic;
  readonly previews: PreviewStore;
  /** Hash of a URL. */
  readonly keyOf: (url: string) => string;
  /** Whether the administrator allows it. */
  readonly isOn: () => Promise<boolean>;
}
