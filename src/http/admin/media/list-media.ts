// GET /_eyrie/admin/v1/media
import { Hono } from 'hono';

import { invalidParam } from '../../../matrix/error.ts';
import type { AdministerDeps, MediaPosition } from '../../../media/administer.ts';
import { mediaNameOf, wholeNumber } from '../../media/media-request.ts';
import type { RequireAdmin } from '../../middleware/require-admin.ts';
import { mediaAnswer } from './media-answer.ts';
import { mediaFilter } from './media-filter.ts';

const DEFAULT_LIMIT = 50;
const MAX_LIMIT = 500;

export const listMedia = (requireAdmin: RequireAdmin, { administration }: Pick<AdministerDeps, 'administration'>) =>
  new Hono().get('/_eyrie/admin/v1/media', ...requireAdmin, async (c) => {
    const { user_id, server, remote, from } = c.req.query();
    const filter = mediaFilter({
      user_id,
      server,
      remote: remote === 'true',
      accessed_before_ts: wholeNumber(c, 'accessed_before_ts'),
    });
    const limit = Math.min(Math.max(1, wholeNumber(c, 'limit') ?? DEFAULT_LIMIT), MAX_LIMIT);
    const media = await administration.list(filter, limit, from === undefined ? undefined : positionIn(from));
    const last = media.length < limit ? undefined : media.at(-1);
    return c.json({
      media: media.map(mediaAnswer),
      ...(last === undefined ? {} : { next_from: `${last.createdTs}/${last.server}/${last.mediaId}` }),
    });
  });

function positionIn(from: string): MediaPosition {
  const [, ts, server = '', mediaId = ''] = /^(\d{1,15})\/([^/]+)\/([^/]+)$/.exec(from) ?? [];
  if (ts === undefined) throw invalidParam('from is nothing that this endpoint gave');
  return { createdTs: Number(ts), ...mediaNameOf(server, mediaId) };
}
