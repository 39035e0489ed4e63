import { remoteTooLarge, tooLarge, unavailable, unknown } from '../matrix/error.ts';
import { findMedia, type Media, type Wanted } from './find-media.ts';
import { decodeImage } from './images/decode-image.ts';
import { encodePng } from './images/encode-png.ts';
import { imageHeader, type ImageHeader } from './images/image-header.ts';
import { CannotDecode, type Pixels } from './images/pixels.ts';
import { scaleDown, turned } from './images/scale-down.ts';
import { encodeJpeg } from './images/wasm-codecs.ts';
import { thumbnailKey } from './object-keys.ts';
import type { MediaDeps } from './ports.ts';
import { cutOf, variantFor, type Variant } from './thumbnail-size.ts';

/** Decoded they are 48 MB, and a Worker has 128 MB for everything. */
const MAX_PIXELS = 12_000_000;
/** Of the file, which is in memory as a whole. */
const MAX_SOURCE_BYTES = 20 * 1024 * 1024;
/** An original up to this size may stand for its thumbnail. */
const SMALL_BYTES = 1024 * 1024;
const MAX_TURN_WAIT_MS = 30_000;
const TURN_LOOK_MS = 20;

export interface WantedThumbnail extends Wanted {
  readonly variant: Variant;
  /** Whether an animated one is wanted; `undefined`: not said. */
  readonly animated: boolean | undefined;
}

/** What is served: a thumbnail, or the original in its place. */
export interface Thumbnail {
  readonly objectKey: string;
  readonly contentType: string;
  readonly fileName: string | undefined;
  readonly sizeBytes: number;
}

export type Thumbnails = (wanted: WantedThumbnail) => Promise<Thumbnail>;

/**
 * Makes thumbnails, one at a time, and keeps them. Throws what finding the file throws, `M_UNKNOWN` where none can be
 * made of it, and `M_TOO_LARGE` for images of too many pixels or bytes.
 */
export function createThumbnails(deps: MediaDeps): Thumbnails {
  const inTurn = oneAtATime(deps);
  return async (wanted) => {
    const media = await findMedia(deps, wanted);
    const { method, width, height } = wanted.variant;
    const variant = variantFor({ method, width, height });
    const key = variant === undefined ? undefined : thumbnailKey(media, nameOf(variant));
    const wantsAnimation = wanted.animated === true;
    if (key !== undefined && !wantsAnimation) {
      const kept = await keptThumbnail(deps, key);
      if (kept !== undefined) return kept;
    }
    return inTurn(async () => {
      // Somebody else may have made it in the meantime.
      const kept = key === undefined || wantsAnimation ? undefined : await keptThumbnail(deps, key);
      return kept ?? make(deps, media, { variant, wanted });
    });
  };
}

const nameOf = ({ method, width, height }: Variant) => `${method}-${width}x${height}`;

async function keptThumbnail({ files }: MediaDeps, objectKey: string): Promise<Thumbnail | undefined> {
  const kept = await files.describe(objectKey);
  if (kept?.contentType === undefined) return undefined;
  const { sizeBytes, contentType } = kept;
  return { objectKey, sizeBytes, contentType, fileName: `thumbnail.${contentType === 'image/png' ? 'png' : 'jpg'}` };
}

async function make(
  deps: MediaDeps,
  media: Media,
  { variant, wanted }: { readonly variant: Variant | undefined; readonly wanted: WantedThumbnail },
): Promise<Thumbnail> {
  if (media.sizeBytes > MAX_SOURCE_BYTES) throw tooLargeFor(deps, media);
  const bytes = await bytesOf(deps, media);
  const header = imageHeader(bytes);
  if (header === undefined) throw cannot();
  if (mayStandForItself(header, media, variant, wanted)) return original(media, header);
  if (header.width * header.height > MAX_PIXELS) throw tooLargeFor(deps, media);
  const made = await encode(await decode(bytes, header), header, variant);
  const objectKey = thumbnailKey(media, variant === undefined ? 'whole' : nameOf(variant));
  await deps.files.storeBytes(objectKey, made.bytes, made.contentType);
  const thumbnail = await keptThumbnail(deps, objectKey);
  if (thumbnail === undefined) throw unavailable('The thumbnail could not be stored');
  return thumbnail;
}

/** Whether the original is what is asked for: not larger, or of the kind that moves, or too large to decode but small. */
function mayStandForItself(
  header: ImageHeader,
  { sizeBytes }: Media,
  variant: Variant | undefined,
  { animated }: WantedThumbnail,
): boolean {
  const isSmall = sizeBytes <= SMALL_BYTES;
  if (header.isAnimated) return animated === true && sizeBytes <= 4 * SMALL_BYTES;
  if (header.width * header.height > MAX_PIXELS) return isSmall;
  const isNotLarger = variant === undefined || cutOf(header, variant) === undefined;
  return isNotLarger && (isSmall || variant === undefined);
}

const original = ({ objectKey, sizeBytes, fileName }: Media, { format }: ImageHeader): Thumbnail => ({
  objectKey,
  sizeBytes,
  fileName,
  contentType: `image/${format}`,
});

async function bytesOf({ files }: MediaDeps, { objectKey }: Media): Promise<Uint8Array<ArrayBuffer>> {
  const body = await files.read(objectKey);
  if (body === undefined) throw cannot();
  return new Uint8Array(await new Response(body).arrayBuffer());
}

async function decode(bytes: Uint8Array<ArrayBuffer>, header: ImageHeader): Promise<Pixels> {
  try {
    return await decodeImage(bytes, header);
  } catch (error) {
    if (error instanceof CannotDecode) throw cannot();
    throw error;
  }
}

async function encode(pixels: Pixels, header: ImageHeader, variant: Variant | undefined) {
  const whole = { left: 0, top: 0, width: header.width, height: header.height };
  const cut = (variant === undefined ? undefined : cutOf(header, variant)) ?? { section: whole, size: whole };
  const small = turned(scaleDown(pixels, cut.section, cut.size), header.orientation);
  if (isOpaque(small)) return { bytes: await encodeJpeg(small), contentType: 'image/jpeg' };
  return { bytes: encodePng(small), contentType: 'image/png' };
}

function isOpaque({ data }: Pixels): boolean {
  for (let at = 3; at < data.length; at += 4) if (data[at] !== 255) return false;
  return true;
}

/** Runs one piece of work after the other; the memory of two would be too much. Refuses who would wait too long. */
function oneAtATime({ after, now }: MediaDeps) {
  const turn = { isTaken: false };
  return async <T>(work: () => Promise<T>): Promise<T> => {
    const until = now() + MAX_TURN_WAIT_MS;
    while (turn.isTaken) {
      if (now() > until) throw unavailable('Too many thumbnails are being made; try again later');
      await after(TURN_LOOK_MS);
    }
    turn.isTaken = true;
    try {
      return await work();
    } finally {
      turn.isTaken = false;
    }
  };
}

const cannot = () => unknown('Cannot generate thumbnails for the requested content');

function tooLargeFor({ serverName }: MediaDeps, { server }: Media): Error {
  const message = 'The content is too large to make a thumbnail of it';
  return server === serverName ? tooLarge(message) : remoteTooLarge(message);
}
