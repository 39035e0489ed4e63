// GET /_eyrie/admin/v1/audit-log
import { Hono } from 'hono';

import { invalidParam } from '../../matrix/error.ts';
import { parseUserId } from '../../matrix/ids/user-id.ts';
import type { AuditLog } from '../../settings/audit-log.ts';
import { limitParam } from '../client/limit-param.ts';
import type { RequireAdmin } from '../middleware/require-admin.ts';

/** The newest first; `user_id` or `appservice_id`, and `action`, choose some, `from` is what the page before gave as `next`. */
export const getAuditLog = (requireAdmin: RequireAdmin, log: AuditLog) =>
  new Hono().get('/_eyrie/admin/v1/audit-log', ...requireAdmin, async (c) => {
    const limit = limitParam(c.req.query('limit'), { min: 1, max: 500, usual: 100 });
    const from = c.req.query('from');
    if (from !== undefined && !/^\d{1,15}$/.test(from)) throw invalidParam('from has a wrong value');
    const listed = await log.page({
      by: whoseOf(c.req.query('user_id'), c.req.query('appservice_id')),
      action: c.req.query('action'),
      before: from === undefined ? undefined : Number(from),
      limit,
    });
    const last = listed.at(-1);
    return c.json({
      entries: listed.map(({ userId, detail, ...entry }) => ({
        ...entry,
        user_id: userId,
        detail: JSON.parse(detail) as unknown,
      })),
      ...(last === undefined || listed.length < limit ? {} : { next: String(last.id) }),
    });
  });

/** Throws `M_INVALID_PARAM`. */
function whoseOf(user: string | undefined, appservice: string | undefined): string | undefined {
  if (user === undefined) return appservice;
  if (appservice !== undefined) throw invalidParam('An entry is of a user or of an application service, not of both');
  const parsed = parseUserId(user);
  if (!parsed.ok) throw invalidParam(`user_id is ${parsed.reason}`);
  return parsed.value;
}
