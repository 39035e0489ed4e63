/** An image in memory: RGBA, 8 bits each, row by row. */
export interface Pixels {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array | Uint8ClampedArray;
}

/** The image cannot be decoded: broken, or of a kind that is not supported. */
export class CannotDecode extends Error {}
