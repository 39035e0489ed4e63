import { Hono } from 'hono';

import { createContent } from './create-content.ts';
import { frozenContent } from './frozen-content.ts';
import { getConfig } from './get-config.ts';
import { getContentThumbnail } from './get-content-thumbnail.ts';
import { getContent } from './get-content.ts';
import { getUrlPreview } from './get-url-preview.ts';
import type { MediaRouteDeps } from './media-route-deps.ts';
import { uploadContentToMxc } from './upload-content-to-mxc.ts';
import { uploadContent } from './upload-content.ts';

/** Files, for clients. */
export const mediaRoutes = (deps: MediaRouteDeps) =>
  new Hono()
    .route('/', uploadContent(deps))
    .route('/', createContent(deps))
    .route('/', uploadContentToMxc(deps))
    .route('/', getContent(deps))
    .route('/', getContentThumbnail(deps))
    .route('/', getConfig(deps))
    .route('/', getUrlPreview(deps))
    .route('/', frozenContent());
