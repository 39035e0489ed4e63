// GET /_matrix/federation/v1/media/download/{mediaId} (Server-Server API, "Content Repository")
import { Hono } from 'hono';

import { findMedia } from '../../media/find-media.ts';
import { backgroundOf, mediaNameOf, peerWaitMsOf } from '../media/media-request.ts';
import { mediaAnswer } from './media-answer.ts';
import type { FederationMediaDeps } from './media-router.ts';

/** A file that a user of ours uploaded; never one of a third server. */
export const getContent = ({ requireServer, media }: FederationMediaDeps) =>
  new Hono().get('/_matrix/federation/v1/media/download/:mediaId', requireServer, async (c) => {
    const name = mediaNameOf(media.serverName, c.req.param('mediaId'));
    return mediaAnswer(
      c,
      media,
      await findMedia(media, { name, waitMs: peerWaitMsOf(c), background: backgroundOf(c) }),
    );
  });
