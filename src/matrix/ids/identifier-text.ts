const MAX_BYTES = 255;

/**
 * What every identifier must be: at most 255 bytes of UTF-8 with its sigil, so no half of a surrogate pair, and no NUL.
 * Source: Appendices, "Common Identifier Format" and the sections below it.
 */
export function isIdentifierText(text: string): boolean {
  return Buffer.byteLength(text) <= MAX_BYTES && !text.includes('\0') && text.isWellFormed();
}
