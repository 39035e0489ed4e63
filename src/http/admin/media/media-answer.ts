import { mxcUri } from '../../../matrix/ids/mxc.ts';
import type { ListedMedia } from '../../../media/administer.ts';

/** A file as the admin API shows it. */
export const mediaAnswer = (media: ListedMedia) => ({
  mxc_uri: mxcUri(media),
  user_id: media.userId ?? null,
  content_type: media.contentType,
  file_name: media.fileName ?? null,
  size_bytes: media.sizeBytes,
  created_ts: media.createdTs,
  accessed_ts: media.accessedTs,
  quarantined_by: media.quarantinedBy ?? null,
});
