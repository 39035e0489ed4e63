import { defaultOptions } from '@jsquash/jpeg/meta.js';
import jpegDecoder from '@jsquash/jpeg/codec/dec/mozjpeg_dec.js';
import jpegDecoderWasm from '@jsquash/jpeg/codec/dec/mozjpeg_dec.wasm';
import jpegEncoder from '@jsquash/jpeg/codec/enc/mozjpeg_enc.js';
import jpegEncoderWasm from '@jsquash/jpeg/codec/enc/mozjpeg_enc.wasm';
import webpDecoder from '@jsquash/webp/codec/dec/webp_dec.js';
import webpDecoderWasm from '@jsquash/webp/codec/dec/webp_dec.wasm';

import { CannotDecode, type Pixels } from './pixels.ts';

const QUALITY = 80;

/** An instance for each image: the memory of WebAssembly never shrinks, and goes with its instance. */
const instanceOf = (wasm: WebAssembly.Module) => ({
  noInitialRun: true,
  // What a codec complains of is in what it returns.
  print: () => undefined,
  printErr: () => undefined,
  instantiateWasm: (imports: WebAssembly.Imports, done: (instance: WebAssembly.Instance) => void) => {
    const instance = new WebAssembly.Instance(wasm, imports);
    done(instance);
    return instance.exports;
  },
});

/** Throws {@link CannotDecode}. The image is not turned. */
export async function decodeJpeg(bytes: Uint8Array<ArrayBuffer>): Promise<Pixels> {
  const decoder = await jpegDecoder(instanceOf(jpegDecoderWasm));
  return decoded(() => decoder.decode(bytes, false));
}

/** The same for a WebP, which may not be animated. */
export async function decodeWebp(bytes: Uint8Array<ArrayBuffer>): Promise<Pixels> {
  const decoder = await webpDecoder(instanceOf(webpDecoderWasm));
  return decoded(() => decoder.decode(bytes));
}

/** What is transparent becomes black. */
export async function encodeJpeg({ width, height, data }: Pixels): Promise<Uint8Array<ArrayBuffer>> {
  const encoder = await jpegEncoder(instanceOf(jpegEncoderWasm));
  const options = { ...defaultOptions, quality: QUALITY, progressive: false };
  // Out of the memory of the instance, which is let go.
  return Uint8Array.from(encoder.encode(Uint8Array.from(data), width, height, options));
}

function decoded(decode: () => Pixels | null): Pixels {
  let pixels: Pixels | null;
  try {
    pixels = decode();
  } catch (error) {
    throw new CannotDecode('broken', { cause: error });
  }
  if (pixels === null) throw new CannotDecode('broken');
  return pixels;
}
