import type { Pixels } from './pixels.ts';

/** A part of an image. */
export interface Section {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

export interface Size {
  readonly width: number;
  readonly height: number;
}

/**
 * Makes a section of an image smaller: each pixel is the mean of what it covers, weighted by how much of it, and colours
 * by their opacity.
 * @param to not larger than the section.
 */
export function scaleDown({ width: stride, data: from }: Pixels, section: Section, to: Size): Pixels {
  const data = new Uint8Array(to.width * to.height * 4);
  const columns = spans(section.left, section.width, to.width);
  const rows = spans(section.top, section.height, to.height);
  let at = 0;
  for (const row of rows) {
    for (const column of columns) {
      const sums = [0, 0, 0, 0, 0];
      for (const [y, rowWeight] of row) addRow(sums, from, y * stride, column, rowWeight);
      writeMean(sums, data, at);
      at += 4;
    }
  }
  return { ...to, data };
}

type Weighted = readonly (readonly [index: number, weight: number])[];

/** Which source pixels each target pixel covers, and how much of them. */
function spans(start: number, length: number, count: number): readonly Weighted[] {
  const step = length / count;
  return Array.from({ length: count }, (_, index) => {
    const [from, to] = [index * step, Math.min((index + 1) * step, length)];
    const covered: [number, number][] = [];
    for (let pixel = Math.floor(from); pixel < to; pixel += 1) {
      covered.push([start + pixel, Math.min(pixel + 1, to) - Math.max(pixel, from)]);
    }
    return covered;
  });
}

/** Sums of red, green and blue by opacity, of opacity, and of weight. */
function addRow(sums: number[], from: Pixels['data'], rowStart: number, column: Weighted, rowWeight: number): void {
  let [red = 0, green = 0, blue = 0, alpha = 0, weight = 0] = sums;
  for (const [x, columnWeight] of column) {
    const at = (rowStart + x) * 4;
    const pixelWeight = rowWeight * columnWeight;
    const opacity = pixelWeight * (from[at + 3] ?? 0);
    red += opacity * (from[at] ?? 0);
    green += opacity * (from[at + 1] ?? 0);
    blue += opacity * (from[at + 2] ?? 0);
    alpha += opacity;
    weight += pixelWeight;
  }
  sums.splice(0, 5, red, green, blue, alpha, weight);
}

function writeMean(
  [red = 0, green = 0, blue = 0, alpha = 0, weight = 1]: readonly number[],
  to: Uint8Array,
  at: number,
) {
  if (alpha === 0) return;
  to[at] = Math.round(red / alpha);
  to[at + 1] = Math.round(green / alpha);
  to[at + 2] = Math.round(blue / alpha);
  to[at + 3] = Math.round(alpha / weight);
}

/** Turns an image as its orientation says. Source: Exif 2.3, tag 0x0112. */
export function turned(image: Pixels, orientation: number): Pixels {
  if (orientation === 1) return image;
  const { width, height, data: from } = image;
  const isSideways = orientation >= 5;
  const [toWidth, toHeight] = isSideways ? [height, width] : [width, height];
  const data = new Uint8Array(from.length);
  for (let y = 0; y < toHeight; y += 1) {
    for (let x = 0; x < toWidth; x += 1) {
      const [fromX, fromY] = sourceOf(orientation, x, y, width - 1, height - 1);
      const at = (fromY * width + fromX) * 4;
      data.set(from.subarray(at, at + 4), (y * toWidth + x) * 4);
    }
  }
  return { width: toWidth, height: toHeight, data };
}

/** @param right the last column of the source, @param bottom its last row. */
function sourceOf(orientation: number, x: number, y: number, right: number, bottom: number): readonly [number, number] {
  switch (orientation) {
    case 2:
      return [right - x, y];
    case 3:
      return [right - x, bottom - y];
    case 4:
      return [x, bottom - y];
    case 5:
      return [y, x];
    case 6:
      return [y, bottom - x];
    case 7:
      return [right - y, bottom - x];
    default:
      return [right - y, x];
  }
}
