// GET /_matrix/client/v1/rooms/{roomId}/hierarchy (Client-Server API, "Spaces")
import { Hono } from 'hono';

import { invalidParam } from '../../../matrix/error.ts';
import type { RoomId } from '../../../matrix/ids/brands.ts';
import { walkSpace } from '../../../rooms/finding/walk-space.ts';
import { booleanParam } from '../../boolean-param.ts';
import { limitParam } from '../limit-param.ts';
import { roomIdOf } from '../path-ids.ts';
import type { FindingDeps } from './deps.ts';

/** As far as anybody nests spaces. */
const MAX_DEPTH = 20;

type Deps = Pick<FindingDeps, 'requireUser' | 'spaces'>;

export const getSpaceHierarchy = ({ requireUser, spaces }: Deps) =>
  new Hono().get('/_matrix/client/v1/rooms/:roomId/hierarchy', requireUser, async (c) => {
    const roomId = roomIdOf(c.req.param('roomId'));
    const limit = limitParam(c.req.query('limit'), { min: 1, max: 100, usual: 50 });
    const { from } = c.req.query();
    const page = pageOf(roomId, from, {
      suggestedOnly: booleanParam('suggested_only', c.req.query('suggested_only')),
      maxDepth: depthParam(c.req.query('max_depth')),
    });
    const { userId } = c.var.requester;
    const { rooms, hasMore } = await walkSpace(spaces, { userId, roomId, limit, ...page });
    return c.json({ rooms, ...(hasMore ? { next_batch: token(roomId, page, rooms.length) } : {}) });
  });

interface PageOfSpace {
  readonly suggestedOnly: boolean;
  readonly maxDepth: number;
  readonly skip: number;
}

function depthParam(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (!/^\d{1,15}$/.test(text)) throw invalidParam('max_depth has a wrong value');
  return Math.min(Number(text), MAX_DEPTH);
}

/** What a token says holds for all pages; a request that says otherwise is refused. */
function pageOf(
  roomId: RoomId,
  from: string | undefined,
  asked: { readonly suggestedOnly: boolean | undefined; readonly maxDepth: number | undefined },
): PageOfSpace {
  if (from === undefined) {
    return { suggestedOnly: asked.suggestedOnly ?? false, maxDepth: asked.maxDepth ?? MAX_DEPTH, skip: 0 };
  }
  const [, skip, depth, suggested, ofRoom] = /^(\d{1,5})_(\d{1,2})_([01])_(.+)$/s.exec(from) ?? [];
  if (ofRoom !== roomId) throw invalidParam('from is no token of this space');
  const page = { suggestedOnly: suggested === '1', maxDepth: Math.min(Number(depth), MAX_DEPTH), skip: Number(skip) };
  const isAnother =
    (asked.suggestedOnly ?? page.suggestedOnly) !== page.suggestedOnly ||
    (asked.maxDepth ?? page.maxDepth) !== page.maxDepth;
  if (isAnother) throw invalidParam('suggested_only and max_depth cannot change on paginated requests');
  return page;
}

/** How many rooms came before, and what every page of the walk has in common. */
function token(roomId: RoomId, { suggestedOnly, maxDepth, skip }: PageOfSpace, given: number): string {
  return `${skip + given}_${maxDepth}_${suggestedOnly ? 1 : 0}_${roomId}`;
}
