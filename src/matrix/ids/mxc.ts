import { allow, deny, type Result } from '../result.ts';
import type { MediaId, ServerName } from './brands.ts';

/** Which file: what an `mxc://` URI names. */
export interface MediaName {
  readonly server: ServerName;
  readonly mediaId: MediaId;
}

/** The specification bounds it by its alphabet only. */
const MAX_MEDIA_ID = 255;

/** Parses the second half of an `mxc://` URI. Source: Client-Server API, "Matrix Content (mxc://) URIs". */
export function parseMediaId(text: string): Result<MediaId, string> {
  if (text.length > MAX_MEDIA_ID || !/^[A-Za-z0-9_-]+$/.test(text)) return deny('not a media ID');
  return allow(text as MediaId);
}

export function mxcUri({ server, mediaId }: MediaName): string {
  return `mxc://${server}/${mediaId}`;
}
