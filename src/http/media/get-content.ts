// GET /_matrix/client/v1/media/download/{serverName}/{mediaId}[/{fileName}] (Client-Server API, "Content repository")
import { Hono, type Context } from 'hono';

import { acceptedFileName } from '../../media/content-disposition.ts';
import { findMedia } from '../../media/find-media.ts';
import type { FromUser } from '../client/from-user.ts';
import { contentAnswer } from './content-answer.ts';
import { backgroundOf, mediaNameOf, waitMsOf } from './media-request.ts';
import type { MediaRouteDeps } from './media-route-deps.ts';

const path = '/_matrix/client/v1/media/download/:serverName/:mediaId';

export const getContent = ({ requireUser, media }: MediaRouteDeps) => {
  const download = async (c: Context<FromUser, typeof path>, fileName: string | undefined) => {
    const name = mediaNameOf(c.req.param('serverName'), c.req.param('mediaId'));
    const found = await findMedia(media, { name, waitMs: waitMsOf(c), background: backgroundOf(c) });
    return contentAnswer(c, media.files, { ...found, fileName: acceptedFileName(fileName) ?? found.fileName });
  };
  return new Hono()
    .get(path, requireUser, (c) => download(c, undefined))
    .get(`${path}/:fileName`, requireUser, (c) => download(c, c.req.param('fileName')));
};
