/** The standard alphabet without padding. Source: Appendices, "Unpadded Base64". */
export function encodeBase64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64').replace(/=+$/, '');
}

/** Source: Appendices, "URL-safe unpadded Base64". */
export function encodeBase64Url(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64url');
}

/**
 * Decodes Base64 in either alphabet, padded or not; `undefined` for anything else, a last character that stands alone
 * (6 bits are no byte) included.
 */
export function decodeBase64(text: string): Uint8Array | undefined {
  const digits = /^([A-Za-z0-9+/_-]*)={0,2}$/.exec(text)?.[1];
  if (digits === undefined || digits.length % 4 === 1) return undefined;
  return Buffer.from(text, 'base64');
}
