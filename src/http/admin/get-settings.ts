// GET /_eyrie/admin/v1/settings
import { Hono } from 'hono';

import type { Settings } from '../../settings/settings.ts';
import type { RequireAdmin } from '../middleware/require-admin.ts';

export const getSettings = (requireAdmin: RequireAdmin, settings: Pick<Settings, 'describe'>) =>
  new Hono().get('/_eyrie/admin/v1/settings', ...requireAdmin, async (c) => c.json(await settings.describe()));
