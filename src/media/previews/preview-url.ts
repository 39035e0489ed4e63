import { forbidden, invalidParam, notFound } from '../../matrix/error.ts';
import type { MediaId } from '../../matrix/ids/brands.ts';
import { mxcUri } from '../../matrix/ids/mxc.ts';
import { acceptedContentType } from '../content-type.ts';
import { imageHeader } from '../images/image-header.ts';
import { contentKey } from '../object-keys.ts';
import type { KeptPreview, Preview, PreviewDeps } from './ports.ts';
import { readPage } from './read-page.ts';

const MAX_URL = 2_048;
/** Titles stand at the beginning of a page. */
const PAGE_BYTES = 512 * 1024;
const IMAGE_BYTES = 10 * 1024 * 1024;
/** What the size of a picture is read from. */
const HEADER_BYTES = 64 * 1024;
const TIMEOUT_MS = 10_000;
const FRESH_MS = 3_600_000;
/** After a failure, which may pass. */
const FAILURE_FRESH_MS = 300_000;
const FORGOTTEN_MS = 7 * 24 * 3_600_000;
const LEASE_MS = 60_000;
/** For a page and its picture together; what a page has said until then counts. */
const LOOK_MS = 20_000;
/** Others wait so long for who asks already. */
const CLAIM_MS = 25_000;
const POLL_MS = 250;
const MAX_CLAIMS = 1_000;

const protocols = ['https:', 'http:'] as const;
/** Some servers give a page without its fields to whom they take for no browser. */
const USER_AGENT = 'Mozilla/5.0 (compatible; Eyrie link preview)';

/** Previews of pages, each asked once at a time and then kept for everybody. */
export interface Previews {
  /** Throws `M_INVALID_PARAM`, `M_FORBIDDEN`, and `M_NOT_FOUND` for what cannot be had. */
  preview(url: string): Promise<Preview>;
}

/** Source: Client-Server API, `GET /_matrix/client/v1/media/preview_url`. */
export function createPreviews(deps: PreviewDeps): Previews {
  /** Until when somebody asks for a page. No promise is shared: it would end with the request that made it. */
  const claims = new Map<string, number>();
  return {
    preview: async (written) => {
      if (!(await deps.isOn())) throw forbidden('This server makes no previews of links');
      const url = urlOf(written);
      const key = deps.keyOf(url.href);
      const kept = await deps.previews.find(key);
      const found = kept !== undefined && isFresh(kept, deps.media.now()) ? kept : await again(key, url, kept);
      if (found.preview === undefined) throw notFound('There is no preview of this link');
      return found.preview;
    },
  };

  async function again(key: string, url: URL, before: KeptPreview | undefined): Promise<KeptPreview> {
    const { now, after } = deps.media;
    while (now() < (claims.get(key) ?? 0)) {
      await after(POLL_MS);
      const kept = await deps.previews.find(key);
      if (kept !== undefined && isFresh(kept, now())) return kept;
    }
    if (claims.size >= MAX_CLAIMS) claims.clear();
    claims.set(key, now() + CLAIM_MS);
    try {
      return await ask(deps, { key, url, before });
    } finally {
      claims.delete(key);
    }
  }
}

function urlOf(written: string): URL {
  const url = written.length <= MAX_URL ? URL.parse(written) : null;
  if (url === null || !protocols.includes(url.protocol as 'https:')) throw invalidParam('url is no address of a page');
  // What follows it stays with the reader.
  url.hash = '';
  return url;
}

const isFresh = ({ preview, fetchedTs }: KeptPreview, now: number) =>
  now < fetchedTs + (preview === undefined ? FAILURE_FRESH_MS : FRESH_MS);

interface Asked {
  readonly key: string;
  readonly url: URL;
  readonly before: KeptPreview | undefined;
}

async function ask(deps: PreviewDeps, { key, url, before }: Asked): Promise<KeptPreview> {
  const { previews, media } = deps;
  const fetchedTs = media.now();
  const found = await look(deps, url.href, before);
  // What a page said an hour ago is better than nothing.
  const isStale = found === undefined && before?.preview !== undefined;
  const kept = isStale
    ? { ...before, fetchedTs: fetchedTs - FRESH_MS + FAILURE_FRESH_MS }
    : { preview: found?.preview, imageUrl: found?.imageUrl, fetchedTs };
  await previews.put(key, kept);
  await previews.removeBefore(fetchedTs - FORGOTTEN_MS);
  return kept;
}

type Found = { readonly preview: Preview; readonly imageUrl: string | undefined } | undefined;

async function look(deps: PreviewDeps, url: string, before: KeptPreview | undefined): Promise<Found> {
  const deadline = deps.media.now() + LOOK_MS;
  const isTimeLeft = () => deps.media.now() < deadline;
  const request = {
    url,
    protocols,
    headers: headersFor('text/html,application/xhtml+xml,image/*;q=0.9'),
    timeoutMs: TIMEOUT_MS,
  };
  const looked = await deps.getPublic({ ...request, maxBytes: IMAGE_BYTES }, async (answer) => {
    const type = mediaType(answer.headers);
    if (type.startsWith('image/')) {
      const held = before?.imageUrl === url ? await heldPicture(deps, before.preview) : undefined;
      return { image: held ?? (await keepImage(deps, answer, isTimeLeft)) };
    }
    if (type !== 'text/html' && type !== 'application/xhtml+xml') return {};
    return { page: await readPage(await htmlOf(answer, isTimeLeft), answer.url) };
  });
  if (!looked.ok) return undefined;
  const { page, image } = looked.value;
  if (page === undefined) return { preview: image ?? {}, imageUrl: image === undefined ? undefined : url };
  const picture =
    page.imageUrl === undefined ? undefined : await pictureOf(deps, page.imageUrl, { before, isTimeLeft });
  return { preview: { ...page.fields, ...picture }, imageUrl: picture === undefined ? undefined : page.imageUrl };
}

const headersFor = (accept: string) => ({ accept, 'user-agent': USER_AGENT });

const mediaType = (headers: Headers) =>
  (headers.get('content-type') ?? '').split(';', 1)[0]?.trim().toLowerCase() ?? '';

/** As much of a page as is read, as text. What is in an encoding that nobody knows is read as UTF-8. */
async function htmlOf({ headers, chunks }: Answered, isTimeLeft: () => boolean): Promise<string> {
  const pieces: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of chunks) {
    pieces.push(chunk.subarray(0, PAGE_BYTES - size));
    size += chunk.byteLength;
    if (size >= PAGE_BYTES || !isTimeLeft()) break;
  }
  const bytes = Buffer.concat(pieces);
  const charset = /charset\s*=\s*["']?([\w-]+)/i;
  const named =
    charset.exec(headers.get('content-type') ?? '') ?? charset.exec(bytes.subarray(0, 1_024).toString('latin1'));
  return decoderOf(named?.[1] ?? 'utf-8').decode(bytes);
}

function decoderOf(charset: string): TextDecoder {
  try {
    return new TextDecoder(charset);
  } catch {
    return new TextDecoder();
  }
}

/** The picture of a page: the one that is here, if it is still the same one; none if it cannot be had. */
async function pictureOf(
  deps: PreviewDeps,
  imageUrl: string,
  { before, isTimeLeft }: { readonly before: KeptPreview | undefined; readonly isTimeLeft: () => boolean },
): Promise<Preview | undefined> {
  const held = before?.imageUrl === imageUrl ? await heldPicture(deps, before.preview) : undefined;
  if (held !== undefined) return held;
  const request = {
    url: imageUrl,
    protocols,
    headers: headersFor('image/*'),
    timeoutMs: TIMEOUT_MS,
    maxBytes: IMAGE_BYTES,
  };
  const fetched = await deps.getPublic(request, (answer) =>
    mediaType(answer.headers).startsWith('image/') ? keepImage(deps, answer, isTimeLeft) : Promise.resolve(undefined),
  );
  return fetched.ok ? fetched.value : undefined;
}

async function heldPicture({ media }: PreviewDeps, preview: Preview | undefined): Promise<Preview | undefined> {
  const mediaId = String(preview?.['og:image'] ?? '')
    .split('/')
    .at(-1) as MediaId;
  const record = await media.records.find({ server: media.serverName, mediaId });
  if (preview === undefined || record?.objectKey === undefined || record.isQuarantined) return undefined;
  return Object.fromEntries(
    Object.entries(preview).filter(([name]) => name.startsWith('og:image') || name === 'matrix:image:size'),
  );
}

/** Keeps a picture as a file of this server, which nobody uploaded. @returns the fields about it. */
async function keepImage(
  { media }: PreviewDeps,
  { headers, chunks }: Answered,
  isTimeLeft: () => boolean,
): Promise<Preview | undefined> {
  const { records, files, serverName, randomName, now } = media;
  const name = { server: serverName, mediaId: randomName() as MediaId };
  const objectKey = contentKey(name, randomName());
  await records.lease({ ...name, now: now(), untilTs: now() + LEASE_MS });
  const beginning = new Beginning(chunks, isTimeLeft);
  const maxBytes = Math.min(IMAGE_BYTES, (await media.limits()).maxBytes);
  const stored = await files.storeChunks(objectKey, beginning, maxBytes).catch(() => undefined);
  const contentType = acceptedContentType(headers.get('content-type') ?? undefined);
  if (stored?.ok !== true) {
    await records.release(name);
    return undefined;
  }
  const content = { objectKey, sizeBytes: stored.value, contentType, fileName: undefined };
  if ((await records.complete(name, content, 0)) !== 'done') {
    await files.remove(objectKey);
    return undefined;
  }
  const header = imageHeader(beginning.bytes());
  return {
    'og:image': mxcUri(name),
    'og:image:type': contentType,
    'matrix:image:size': stored.value,
    ...(header === undefined ? {} : { 'og:image:width': header.width, 'og:image:height': header.height }),
  };
}

interface Answered {
  readonly headers: Headers;
  readonly chunks: AsyncIterable<Uint8Array>;
}

/** Passes chunks on while there is time, and remembers the first bytes. */
class Beginning implements AsyncIterable<Uint8Array> {
  readonly #chunks: AsyncIterable<Uint8Array>;
  readonly #isTimeLeft: () => boolean;
  readonly #held: Uint8Array[] = [];

  constructor(chunks: AsyncIterable<Uint8Array>, isTimeLeft: () => boolean) {
    this.#chunks = chunks;
    this.#isTimeLeft = isTimeLeft;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array> {
    let size = 0;
    for await (const chunk of this.#chunks) {
      if (size < HEADER_BYTES) this.#held.push(chunk.slice(0, HEADER_BYTES - size));
      size += chunk.byteLength;
      if (!this.#isTimeLeft()) throw new Error('the picture comes too slowly');
      yield chunk;
    }
  }

  bytes(): Uint8Array {
    return Buffer.concat(this.#held);
  }
}
