/** What the first bytes of an image say; nothing is decoded for it. */
export interface ImageHeader {
  readonly format: 'png' | 'jpeg' | 'gif' | 'webp';
  /** As they are stored, before {@link orientation}. */
  readonly width: number;
  readonly height: number;
  /** How it is to be turned, 1 to 8. Source: Exif 2.3, tag 0x0112. */
  readonly orientation: number;
  /** It has, or may have, more than one picture. */
  readonly isAnimated: boolean;
}

/** @returns `undefined` for what is none of the four formats, or broken. */
export function imageHeader(bytes: Uint8Array): ImageHeader | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  try {
    const header = pngHeader(view) ?? gifHeader(view) ?? webpHeader(view) ?? jpegHeader(view);
    return header !== undefined && header.width > 0 && header.height > 0 ? header : undefined;
  } catch (error) {
    // It ends before its header does.
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

const upright = (format: ImageHeader['format'], width: number, height: number, isAnimated: boolean): ImageHeader => ({
  format,
  width,
  height,
  orientation: 1,
  isAnimated,
});

/** Source: PNG, "PNG signature" and "IHDR". */
function pngHeader(view: DataView): ImageHeader | undefined {
  if (view.getUint32(0) !== 0x89504e47 || view.getUint32(4) !== 0x0d0a1a0a) return undefined;
  return upright('png', view.getUint32(16), view.getUint32(20), isApng(view));
}

/** Source: PNG (Third Edition), "acTL": it stands before the first IDAT. */
function isApng(view: DataView): boolean {
  for (let at = 8; at + 8 <= view.byteLength; at += 12 + view.getUint32(at)) {
    const type = view.getUint32(at + 4);
    if (type === 0x6163544c) return true;
    if (type === 0x49444154) return false;
  }
  return false;
}

/** Source: GIF89a, "Header" and "Logical Screen Descriptor". */
function gifHeader(view: DataView): ImageHeader | undefined {
  if (view.getUint32(0) !== 0x47494638) return undefined;
  return upright('gif', view.getUint16(6, true), view.getUint16(8, true), true);
}

/** Source: RFC 9649, sections 2.4 to 2.7. */
function webpHeader(view: DataView): ImageHeader | undefined {
  if (view.getUint32(0) !== 0x52494646 || view.getUint32(8) !== 0x57454250) return undefined;
  switch (view.getUint32(12)) {
    case 0x56503858: // VP8X
      return upright('webp', 1 + uint24(view, 24), 1 + uint24(view, 27), (view.getUint8(20) & 0x02) !== 0);
    case 0x5650384c: {
      // VP8L
      const bits = view.getUint32(21, true);
      return upright('webp', 1 + (bits & 0x3fff), 1 + ((bits >>> 14) & 0x3fff), false);
    }
    case 0x56503820: // VP8
      return upright('webp', view.getUint16(26, true) & 0x3fff, view.getUint16(28, true) & 0x3fff, false);
    default:
      return undefined;
  }
}

const uint24 = (view: DataView, at: number) => view.getUint16(at, true) | (view.getUint8(at + 2) << 16);

/** Source: ITU-T T.81, annex B: the segments up to the first that begins a frame. */
function jpegHeader(view: DataView): ImageHeader | undefined {
  if (view.getUint16(0) !== 0xffd8) return undefined;
  let orientation = 1;
  for (let at = 2; ;) {
    if (view.getUint8(at) !== 0xff) return undefined;
    const marker = view.getUint8(at + 1);
    if (marker === 0xff) {
      at += 1; // filled up
      continue;
    }
    if (isStartOfFrame(marker)) {
      const [height, width] = [view.getUint16(at + 5), view.getUint16(at + 7)];
      return { format: 'jpeg', height, width, orientation, isAnimated: false };
    }
    // The decoder takes what has no length for nothing, and would find another frame than we.
    if (hasNoLength(marker)) return undefined;
    if (marker === 0xe1) orientation = exifOrientation(view, at + 4) ?? orientation;
    at += 2 + view.getUint16(at + 2);
  }
}

/** All of C0 to CF but for DHT, JPG and DAC. */
const isStartOfFrame = (marker: number) => marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker);

/** A stuffed zero, TEM, RST0 to RST7, SOI and EOI: none of them stands before a frame. */
const hasNoLength = (marker: number) => marker <= 0x01 || (marker >= 0xd0 && marker <= 0xd9);

/** Source: Exif 2.3, sections 4.5 and 4.6: a TIFF with the tag in its first directory. */
function exifOrientation(view: DataView, at: number): number | undefined {
  if (view.getUint32(at) !== 0x45786966) return undefined;
  const tiff = at + 6;
  const isLittle = view.getUint16(tiff) === 0x4949;
  const directory = tiff + view.getUint32(tiff + 4, isLittle);
  const entries = view.getUint16(directory, isLittle);
  for (let entry = 0; entry < entries; entry += 1) {
    const field = directory + 2 + entry * 12;
    if (view.getUint16(field, isLittle) !== 0x0112) continue;
    const orientation = view.getUint16(field + 8, isLittle);
    return orientation >= 1 && orientation <= 8 ? orientation : undefined;
  }
  return undefined;
}
