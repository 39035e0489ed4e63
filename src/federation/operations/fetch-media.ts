// GET /_matrix/federation/v1/media/download/{mediaId} (Server-Server API, "Content Repository")
import type { MediaId, ServerName } from '../../matrix/ids/brands.ts';
import { allow, deny, type Result } from '../../matrix/result.ts';
import { requestTarget, type FederationClient, type FederationResult } from '../client.ts';
import { describeFailure, type FederationFailure } from '../failure.ts';
import type { FetchPublic } from '../fetch-public.ts';
import { MultipartBroken, MultipartParts, boundaryOf } from '../multipart-parts.ts';

/** The other server may use up `timeout_ms`; then its answer has to come. */
const GRACE_MS = 10_000;
/** How much is taken decides who stores it. */
const ANY_SIZE = Number.MAX_SAFE_INTEGER;

type Stored = Result<number, { readonly kind: 'too-large' }>;

export interface MediaFetch {
  readonly server: ServerName;
  readonly mediaId: MediaId;
  /** How long the other server may wait for its uploader. */
  readonly timeoutMs: number;
  /** Takes the bytes as they come. @returns how many they were. */
  readonly store: (chunks: AsyncIterable<Uint8Array>) => Promise<Stored>;
}

export interface RemoteContent {
  readonly contentType: string | undefined;
  /** The header. */
  readonly disposition: string | undefined;
  readonly sizeBytes: number;
}

export type MediaFailure =
  | { readonly kind: 'not-found' }
  | { readonly kind: 'not-yet-uploaded' }
  | { readonly kind: 'too-large' }
  | { readonly kind: 'denied'; readonly reason: string }
  | { readonly kind: 'unavailable'; readonly reason: string };

export interface MediaFetchDeps {
  readonly client: Pick<FederationClient, 'requestStream'>;
  readonly fetchPublic: FetchPublic;
}

type Outcome = Result<RemoteContent, MediaFailure>;

/** Fetches a file of another server, by the deprecated way where it does not know the new one. */
export async function fetchMedia(deps: MediaFetchDeps, fetch: MediaFetch): Promise<Outcome> {
  const answer = await fetchSigned(deps, fetch);
  if (answer.ok) return 'location' in answer.value ? fetchLocation(deps, fetch, answer.value.location) : answer.value;
  if (!isUnknownThere(answer.reason)) return deny(mediaFailure(answer.reason));
  const legacy = await fetchUnsigned(deps, fetch);
  return legacy.ok ? legacy.value : deny(mediaFailure(legacy.reason));
}

function fetchSigned(
  { client }: MediaFetchDeps,
  { server, mediaId, timeoutMs, store }: MediaFetch,
): Promise<FederationResult<Outcome | { readonly location: string }>> {
  const query = [['timeout_ms', String(Math.floor(timeoutMs))]] as const;
  const target = requestTarget('/_matrix/federation/v1/media/download/{}', [mediaId], query);
  return client.requestStream(
    {
      destination: server,
      method: 'GET',
      target,
      accept: 'multipart/mixed',
      timeoutMs: timeoutMs + GRACE_MS,
      maxBytes: ANY_SIZE,
    },
    async (chunks, headers) => {
      const boundary = boundaryOf(headers.get('content-type'));
      if (boundary === undefined) return deny({ kind: 'garbage', reason: 'the answer is no multipart body' });
      const parts = new MultipartParts(chunks, boundary);
      try {
        return await readParts(parts, store);
      } catch (error) {
        if (error instanceof MultipartBroken) return deny({ kind: 'garbage', reason: error.message });
        throw error;
      }
    },
  );
}

/** The first part is metadata, of which there are none yet; the second the file, or where it is. */
async function readParts(
  parts: MultipartParts,
  store: MediaFetch['store'],
): Promise<FederationResult<Outcome | { readonly location: string }>> {
  const metadata = await parts.next();
  if (metadata !== undefined) await parts.skip(metadata);
  const file = await parts.next();
  if (file === undefined) return deny({ kind: 'garbage', reason: 'the answer has no second part' });
  const location = file.headers.get('location');
  if (location !== undefined) return allow({ location });
  const stored = await store(file.body);
  return allow(contentOf(stored, file.headers.get('content-type'), file.headers.get('content-disposition')));
}

async function fetchLocation({ fetchPublic }: MediaFetchDeps, fetch: MediaFetch, url: string): Promise<Outcome> {
  const request = { url, protocols: ['https:'] as const, timeoutMs: fetch.timeoutMs + GRACE_MS, maxBytes: ANY_SIZE };
  const answer = await fetchPublic(request, async ({ headers, chunks }) =>
    contentOf(
      await fetch.store(chunks),
      headers.get('content-type') ?? undefined,
      headers.get('content-disposition') ?? undefined,
    ),
  );
  if (answer.ok) return answer.value;
  return deny({ kind: 'unavailable', reason: `what it points to cannot be fetched: ${answer.reason.reason}` });
}

/** Source: Server-Server API, "Content Repository": the deprecated endpoint, which must not ask a third server. */
function fetchUnsigned(
  { client }: MediaFetchDeps,
  { server, mediaId, timeoutMs, store }: MediaFetch,
): Promise<FederationResult<Outcome>> {
  const target = requestTarget(
    '/_matrix/media/v3/download/{}/{}',
    [server, mediaId],
    [
      ['allow_remote', 'false'],
      ['timeout_ms', String(Math.floor(timeoutMs))],
    ],
  );
  return client.requestStream(
    {
      destination: server,
      method: 'GET',
      target,
      accept: '*/*',
      isUnsigned: true,
      timeoutMs: timeoutMs + GRACE_MS,
      maxBytes: ANY_SIZE,
    },
    async (chunks, headers) =>
      allow(
        contentOf(
          await store(chunks),
          headers.get('content-type') ?? undefined,
          headers.get('content-disposition') ?? undefined,
        ),
      ),
  );
}

const contentOf = (stored: Stored, contentType: string | undefined, disposition: string | undefined): Outcome =>
  stored.ok ? allow({ contentType, disposition, sizeBytes: stored.value }) : stored;

/** Whether a server says that it does not know the endpoint; proxies in front of old ones say it without an errcode. */
function isUnknownThere(failure: FederationFailure): boolean {
  if (failure.kind !== 'refused') return false;
  if (failure.errcode === 'M_UNRECOGNIZED') return true;
  return failure.errcode === undefined && (failure.status === 404 || failure.status === 405);
}

function mediaFailure(failure: FederationFailure): MediaFailure {
  const reason = describeFailure(failure);
  if (failure.kind === 'denied') return { kind: 'denied', reason };
  if (failure.kind !== 'refused') return { kind: 'unavailable', reason };
  if (failure.errcode === 'M_NOT_YET_UPLOADED') return { kind: 'not-yet-uploaded' };
  if (failure.errcode === 'M_TOO_LARGE' || failure.status === 413) return { kind: 'too-large' };
  if (failure.status === 404) return { kind: 'not-found' };
  if (failure.status === 401 || failure.status === 403) return { kind: 'denied', reason };
  return { kind: 'unavailable', reason };
}
