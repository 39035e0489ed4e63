import { Hono } from 'hono';

import type { AdministerDeps } from '../../../media/administer.ts';
import type { RequireAdmin } from '../../middleware/require-admin.ts';
import { deleteMedia } from './delete-media.ts';
import { listMedia } from './list-media.ts';
import { purgeMedia } from './purge-media.ts';
import { quarantineMedia } from './quarantine-media.ts';

export interface AdminMediaRoutes {
  readonly requireAdmin: RequireAdmin;
  readonly administer: AdministerDeps;
}

export const adminMediaRoutes = ({ requireAdmin, administer }: AdminMediaRoutes) =>
  new Hono()
    .route('/', listMedia(requireAdmin, administer))
    .route('/', purgeMedia(requireAdmin, administer))
    .route('/', deleteMedia(requireAdmin, administer))
    .route('/', quarantineMedia(requireAdmin, administer));
