import { GifReader } from 'omggif';

import { decodePng } from './decode-png.ts';
import type { ImageHeader } from './image-header.ts';
import { CannotDecode, type Pixels } from './pixels.ts';
import { decodeJpeg, decodeWebp } from './wasm-codecs.ts';

/** Decodes an image, of an animation the first picture. It is not turned. Throws {@link CannotDecode}. */
export async function decodeImage(bytes: Uint8Array<ArrayBuffer>, header: ImageHeader): Promise<Pixels> {
  const { width, height } = header;
  const pixels = await decodeAs(header, bytes);
  // A decoder may go by other bytes than we did.
  if (pixels.width !== width || pixels.height !== height) throw new CannotDecode('not of the size that it says');
  return pixels;
}

async function decodeAs(header: ImageHeader, bytes: Uint8Array<ArrayBuffer>): Promise<Pixels> {
  switch (header.format) {
    case 'png':
      return decodePng(bytes, header);
    case 'jpeg':
      return decodeJpeg(bytes);
    case 'webp':
      return decodeWebp(bytes);
    default:
      return decodeGif(bytes);
  }
}

function decodeGif(bytes: Uint8Array): Pixels {
  try {
    const gif = new GifReader(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength));
    const { width, height } = gif;
    const { x, y, width: frameWidth, height: frameHeight } = gif.frameInfo(0);
    if (x + frameWidth > width || y + frameHeight > height) throw new CannotDecode('a picture beyond the screen');
    const data = new Uint8Array(width * height * 4);
    gif.decodeAndBlitFrameRGBA(0, data);
    return { width, height, data };
  } catch (error) {
    throw new CannotDecode('broken', { cause: error });
  }
}
