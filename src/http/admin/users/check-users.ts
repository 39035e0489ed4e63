// POST /_eyrie/admin/v1/users/check
import { Hono } from 'hono';
import * as v from 'valibot';

import { checkUsers as check, type CheckedUser } from '../../../federation/check-users.ts';
import { invalidParam, methodNotAllowed } from '../../../matrix/error.ts';
import type { ServerName } from '../../../matrix/ids/brands.ts';
import { parseUserId, userIdServer } from '../../../matrix/ids/user-id.ts';
import { jsonBody } from '../../middleware/json-body.ts';
import type { Reach } from '../../middleware/require-workspace.ts';
import { reachedRoom, type WorkspaceDeps } from '../workspace/workspace-deps.ts';

const Timeout = v.pipe(v.number(), v.integer(), v.minValue(100), v.maxValue(30_000));
/** Strict: to leave out a condition that somebody gives would call a user fit who is not. */
const Body = v.strictObject({
  user_ids: v.pipe(v.array(v.string()), v.minLength(1), v.maxLength(50)),
  room_id: v.optional(v.string()),
  network_timeout_ms: v.optional(Timeout),
  user_timeout_ms: v.optional(Timeout),
});

type Said = { readonly reason: string | null; readonly verification: 'VERIFIED' | 'UNVERIFIED' | 'UNABLE_TO_VERIFY' };

const SAID: Readonly<Record<CheckedUser['result'], Said>> = {
  ok: { reason: null, verification: 'VERIFIED' },
  'policy-denied': { reason: 'federation-policy-denied', verification: 'UNABLE_TO_VERIFY' },
  'connection-failed': { reason: 'federation-connection-failed', verification: 'UNABLE_TO_VERIFY' },
  'user-not-found': { reason: 'federation-user-not-found', verification: 'UNVERIFIED' },
  undisclosed: { reason: 'federation-profile-hidden', verification: 'UNABLE_TO_VERIFY' },
};

type Deps = Pick<WorkspaceDeps, 'requireWorkspace' | 'registry' | 'rooms' | 'checking'>;

/**
 * Whether users of any server can be written to, and if not, at what it fails. The router takes no two paths of which one
 * could be the other, so this one has the form of a user's, whose ID is never `check`.
 */
export const checkUsers = (deps: Deps) =>
  new Hono().post('/_eyrie/admin/v1/users/:userId', ...deps.requireWorkspace, jsonBody(Body), async (c) => {
    if (c.req.param('userId') !== 'check') throw methodNotAllowed('Wrong method');
    const body = c.req.valid('json');
    const userIds = body.user_ids.map((text) => {
      const parsed = parseUserId(text);
      if (!parsed.ok) throw invalidParam(`One of user_ids is ${parsed.reason}`);
      return parsed.value;
    });
    const timeouts = { networkMs: body.network_timeout_ms, userMs: body.user_timeout_ms };
    const servers = [...new Set(userIds.map(userIdServer))];
    const keptOut = body.room_id === undefined ? [] : await keptOutOf(deps, c.var.reach, body.room_id, servers);
    const checked = await check(deps.checking, userIds, timeouts, new Set(keptOut));
    const results = [...checked].map(([userId, { result, elapsedMs, ...told }]) => [
      userId,
      { result, ...SAID[result], ...told, elapsed_ms: elapsedMs },
    ]);
    return c.json({ results: Object.fromEntries(results) as unknown });
  });

const keptOutOf = async (deps: Deps, reach: Reach, roomId: string, servers: readonly ServerName[]) =>
  deps.rooms.keptOut({ roomId: await reachedRoom(deps, reach, roomId), servers });
