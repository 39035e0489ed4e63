import { inflateSync } from 'node:zlib';

import { CannotDecode, type Pixels } from './pixels.ts';

interface Header {
  readonly width: number;
  readonly height: number;
  /** Bits of a sample: 1, 2, 4, 8 or 16. */
  readonly depth: number;
  /** Samples of a pixel. */
  readonly channels: number;
  readonly isIndexed: boolean;
}

interface Chunks {
  readonly header: Header;
  readonly palette: Uint8Array;
  /** Of an indexed image alpha by index, else the colour that is transparent, in 16 bits a sample. */
  readonly transparency: Uint8Array;
  readonly data: readonly Uint8Array[];
}

const CHANNELS: Readonly<Record<number, number>> = { 0: 1, 2: 3, 3: 1, 4: 2, 6: 4 };
const DEPTHS: Readonly<Record<number, readonly number[]>> = {
  0: [1, 2, 4, 8, 16],
  2: [8, 16],
  3: [1, 2, 4, 8],
  4: [8, 16],
  6: [8, 16],
};

/**
 * Decodes a PNG. It inflates as much as the header says and no more: a few bytes could become gigabytes. Throws
 * {@link CannotDecode}, also for one of another size than is expected; interlaced ones are not supported.
 * Source: PNG (Third Edition).
 */
export function decodePng(bytes: Uint8Array, expected: Pick<Pixels, 'width' | 'height'>): Pixels {
  const chunks = readChunks(bytes);
  const { width, height, depth, channels } = chunks.header;
  // Before anything is inflated: another header than the first may stand in it.
  if (width !== expected.width || height !== expected.height) throw new CannotDecode('not of the size that it says');
  const rowBytes = Math.ceil((width * depth * channels) / 8);
  const rows = inflate(chunks.data, (rowBytes + 1) * height);
  unfilter(rows, height, rowBytes, Math.max(1, (depth * channels) >> 3));
  const data = new Uint8Array(width * height * 4);
  const samples = new Uint16Array(width * channels);
  for (let y = 0; y < height; y += 1) {
    const at = y * (rowBytes + 1) + 1;
    readSamples(rows.subarray(at, at + rowBytes), depth, samples);
    writeRow(chunks, samples, data.subarray(y * width * 4, (y + 1) * width * 4));
  }
  return { width, height, data };
}

function readChunks(bytes: Uint8Array): Chunks {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let header: Header | undefined;
  let palette = new Uint8Array();
  let transparency = new Uint8Array();
  const data: Uint8Array[] = [];
  for (let at = 8; at + 12 <= bytes.byteLength;) {
    const length = view.getUint32(at);
    const body = bytes.subarray(at + 8, at + 8 + length);
    switch (view.getUint32(at + 4)) {
      case 0x49484452: // IHDR
        header = readHeader(body);
        break;
      case 0x504c5445: // PLTE
        palette = Uint8Array.from(body);
        break;
      case 0x74524e53: // tRNS
        transparency = Uint8Array.from(body);
        break;
      case 0x49444154: // IDAT
        data.push(body);
        break;
      default:
    }
    at += 12 + length;
  }
  if (header === undefined) throw new CannotDecode('a PNG without header');
  return { header, palette, transparency, data };
}

function readHeader(body: Uint8Array): Header {
  if (body.byteLength < 13) throw new CannotDecode('a PNG without header');
  const view = new DataView(body.buffer, body.byteOffset, body.byteLength);
  const [depth, colour, interlace] = [view.getUint8(8), view.getUint8(9), view.getUint8(12)];
  const channels = CHANNELS[colour];
  if (channels === undefined || DEPTHS[colour]?.includes(depth) !== true) throw new CannotDecode('no kind of PNG');
  if (interlace !== 0) throw new CannotDecode('an interlaced PNG');
  return { width: view.getUint32(0), height: view.getUint32(4), depth, channels, isIndexed: colour === 3 };
}

function inflate(data: readonly Uint8Array[], wantedBytes: number): Buffer {
  let rows: Buffer;
  try {
    rows = inflateSync(Buffer.concat(data), { maxOutputLength: wantedBytes });
  } catch {
    throw new CannotDecode('the data of a PNG are broken');
  }
  if (rows.byteLength < wantedBytes) throw new CannotDecode('a PNG that ends too early');
  return rows;
}

/** Undoes the filter of each row, in place. Source: PNG, "Filtering". */
function unfilter(rows: Uint8Array, height: number, rowBytes: number, pixelBytes: number): void {
  const stride = rowBytes + 1;
  for (let y = 0; y < height; y += 1) {
    const start = y * stride + 1;
    const filter = rows[start - 1] ?? 0;
    if (filter > 4) throw new CannotDecode('no filter of a PNG');
    if (filter === 0) continue;
    for (let x = 0; x < rowBytes; x += 1) {
      const at = start + x;
      const left = x < pixelBytes ? 0 : (rows[at - pixelBytes] ?? 0);
      const up = y === 0 ? 0 : (rows[at - stride] ?? 0);
      const corner = y === 0 || x < pixelBytes ? 0 : (rows[at - stride - pixelBytes] ?? 0);
      rows[at] = (rows[at] ?? 0) + predicted(filter, left, up, corner);
    }
  }
}

function predicted(filter: number, left: number, up: number, corner: number): number {
  if (filter === 1) return left;
  if (filter === 2) return up;
  if (filter === 3) return (left + up) >> 1;
  const estimate = left + up - corner;
  const [byLeft, byUp, byCorner] = [Math.abs(estimate - left), Math.abs(estimate - up), Math.abs(estimate - corner)];
  if (byLeft <= byUp && byLeft <= byCorner) return left;
  return byUp <= byCorner ? up : corner;
}

function readSamples(row: Uint8Array, depth: number, samples: Uint16Array): void {
  for (let index = 0; index < samples.length; index += 1) {
    if (depth === 8) samples[index] = row[index] ?? 0;
    else if (depth === 16) samples[index] = ((row[index * 2] ?? 0) << 8) | (row[index * 2 + 1] ?? 0);
    else {
      const bit = index * depth;
      samples[index] = ((row[bit >> 3] ?? 0) >> (8 - depth - (bit & 7))) & ((1 << depth) - 1);
    }
  }
}

function writeRow({ header, palette, transparency }: Chunks, samples: Uint16Array, rgba: Uint8Array): void {
  const { width, channels, depth, isIndexed } = header;
  const scale = 255 / ((1 << depth) - 1);
  const clear = new DataView(transparency.buffer, transparency.byteOffset, transparency.byteLength);
  const hasClearColour = !isIndexed && (channels === 1 || channels === 3) && clear.byteLength >= channels * 2;
  for (let x = 0; x < width; x += 1) {
    const sample = (channel: number) => samples[x * channels + channel] ?? 0;
    const to = x * 4;
    if (isIndexed) {
      const index = sample(0);
      for (let channel = 0; channel < 3; channel += 1) rgba[to + channel] = palette[index * 3 + channel] ?? 0;
      rgba[to + 3] = transparency[index] ?? 255;
      continue;
    }
    const isGrey = channels < 3;
    for (let channel = 0; channel < 3; channel += 1) rgba[to + channel] = sample(isGrey ? 0 : channel) * scale;
    rgba[to + 3] = channels % 2 === 0 ? sample(channels - 1) * scale : 255;
    if (hasClearColour && isClear(channels, sample, clear)) rgba[to + 3] = 0;
  }
}

function isClear(channels: number, sample: (channel: number) => number, clear: DataView): boolean {
  for (let channel = 0; channel < channels; channel += 1) {
    if (sample(channel) !== clear.getUint16(channel * 2)) return false;
  }
  return true;
}
