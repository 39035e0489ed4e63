const MAX_LENGTH = 255;
const TOKEN = "[A-Za-z0-9!#$%&'*+.^_`|~-]+";
const MEDIA_TYPE = new RegExp(`^${TOKEN}/${TOKEN}\\s*(?:;[\\x20-\\x7e]*)?$`);

const UNKNOWN = 'application/octet-stream';

/** What browsers do not run, whatever is in it. Source: Client-Server API, "Serving inline content". */
const INLINE = new Set([
  'text/css',
  'text/plain',
  'text/csv',
  'application/json',
  'application/ld+json',
  'image/jpeg',
  'image/gif',
  'image/png',
  'image/apng',
  'image/webp',
  'image/avif',
  'video/mp4',
  'video/webm',
  'video/ogg',
  'video/quicktime',
  'audio/mp4',
  'audio/webm',
  'audio/aac',
  'audio/mpeg',
  'audio/ogg',
  'audio/wave',
  'audio/wav',
  'audio/x-wav',
  'audio/x-pn-wav',
  'audio/flac',
  'audio/x-flac',
]);

/** The type that an uploader or another server claims, where it has the form of one, else that of any bytes. */
export function acceptedContentType(claimed: string | undefined): string {
  const type = claimed?.trim() ?? '';
  return type.length <= MAX_LENGTH && MEDIA_TYPE.test(type) ? type : UNKNOWN;
}

export function mayBeInline(contentType: string): boolean {
  return INLINE.has((contentType.split(';', 1)[0] ?? '').trim().toLowerCase());
}
