import { contentDisposition } from '../../media/content-disposition.ts';
import { mayBeInline } from '../../media/content-type.ts';

/**
 * No file may run anything in the origin of this server, whatever it is and however it is opened.
 * Source: Client-Server API, "Content repository".
 */
const POLICY =
  "sandbox; default-src 'none'; script-src 'none'; plugin-types application/pdf; style-src 'unsafe-inline'; object-src 'self';";

/** A file never changes, but it may be removed. */
const CACHED_SECONDS = 86_400;

export interface ServedFile {
  readonly contentType: string;
  readonly fileName: string | undefined;
  /** Another one for each content. */
  readonly etag: string;
}

/** The headers that every answer with a file has. */
export function contentHeaders({ contentType, fileName, etag }: ServedFile): Record<string, string> {
  return {
    'Content-Type': contentType,
    'Content-Disposition': contentDisposition(mayBeInline(contentType) ? 'inline' : 'attachment', fileName),
    'Content-Security-Policy': POLICY,
    'X-Content-Type-Options': 'nosniff',
    'Cross-Origin-Resource-Policy': 'cross-origin',
    'Referrer-Policy': 'no-referrer',
    'X-Robots-Tag': 'noindex, nofollow',
    'Cache-Control': `private, max-age=${CACHED_SECONDS}`,
    'Accept-Ranges': 'bytes',
    ETag: etag,
  };
}
