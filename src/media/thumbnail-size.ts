import type { ImageHeader } from './images/image-header.ts';
import type { Section, Size } from './images/scale-down.ts';

export type ThumbnailMethod = 'crop' | 'scale';

export interface Variant extends Size {
  readonly method: ThumbnailMethod;
}

const sizes = (method: ThumbnailMethod, ...pairs: readonly (readonly [number, number])[]): readonly Variant[] =>
  pairs.map(([width, height]) => ({ method, width, height }));

/**
 * The only ones that are made, so that a file has a few and not as many as anybody asks for; from small to large. Those
 * of the specification and some between and above. Source: Client-Server API, "Thumbnails".
 */
const VARIANTS: Readonly<Record<ThumbnailMethod, readonly Variant[]>> = {
  crop: sizes('crop', [32, 32], [96, 96], [320, 240], [320, 320], [640, 480], [640, 640], [800, 600], [800, 800]),
  scale: sizes('scale', [32, 32], [96, 96], [320, 240], [640, 480], [800, 600], [1600, 1200]),
};

/** The smallest that is not smaller than what is asked for; `undefined`: only the original is large enough. */
export function variantFor({ method, width, height }: Variant): Variant | undefined {
  return VARIANTS[method].find((variant) => variant.width >= width && variant.height >= height);
}

export interface Cut {
  /** Of the image as it is stored. */
  readonly section: Section;
  readonly size: Size;
}

/**
 * What of an image becomes its thumbnail, and how large. Nothing is ever made larger.
 * @returns `undefined` for an image that is not larger than the thumbnail.
 */
export function cutOf(header: ImageHeader, variant: Variant): Cut | undefined {
  // What will be turned by a quarter is cut turned by a quarter.
  const isSideways = header.orientation >= 5;
  const [width, height] = isSideways ? [variant.height, variant.width] : [variant.width, variant.height];
  if (header.width <= width && header.height <= height) return undefined;
  if (variant.method === 'scale') {
    const factor = Math.min(width / header.width, height / header.height);
    const whole = { left: 0, top: 0, width: header.width, height: header.height };
    return { section: whole, size: scaled(whole, factor) };
  }
  const fit = Math.min(header.width / width, header.height / height);
  const section = scaled({ width, height }, fit);
  const left = Math.floor((header.width - section.width) / 2);
  const top = Math.floor((header.height - section.height) / 2);
  return { section: { left, top, ...section }, size: fit > 1 ? { width, height } : section };
}

const scaled = ({ width, height }: Size, factor: number): Size => ({
  width: Math.max(1, Math.round(width * factor)),
  height: Math.max(1, Math.round(height * factor)),
});
