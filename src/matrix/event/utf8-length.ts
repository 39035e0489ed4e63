/**
 * The length of a text in UTF-8, in bytes.
 * @param limitBytes what the caller compares with: a text that is surely longer or surely not is not counted, and the
 * number returned is then only on the right side of the limit.
 */
export function utf8Length(text: string, limitBytes: number): number {
  // One UTF-16 unit makes one to three bytes.
  if (text.length > limitBytes || text.length * 3 <= limitBytes) return text.length;
  return Buffer.byteLength(text);
}
