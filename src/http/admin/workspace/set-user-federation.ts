// PUT /_eyrie/admin/v1/users/{userId}/federation
import { Hono } from 'hono';
import * as v from 'valibot';

import { forbidden, notFound } from '../../../matrix/error.ts';
import { userIdOf } from '../../client/path-ids.ts';
import { jsonBody } from '../../middleware/json-body.ts';
import { auditedAs, type WorkspaceDeps } from './workspace-deps.ts';

const Body = v.strictObject({ allowed: v.nullable(v.boolean()) });

/** Whether a user may meet other servers while the setting `users.validate_domain` is on; `null` takes it back. */
export const setUserFederation = (deps: WorkspaceDeps) =>
  new Hono().put('/_eyrie/admin/v1/users/:userId/federation', ...deps.requireWorkspace, jsonBody(Body), async (c) => {
    const { reach, requester } = c.var;
    const userId = userIdOf(c.req.param('userId'));
    if (!reach.hasUser(userId)) throw forbidden(`${userId} is none of your users`);
    if ((await deps.shardOf(userId)) === undefined) throw notFound('There is no such user here');
    const { allowed } = c.req.valid('json');
    await deps.verdicts.put(userId, allowed ?? undefined, auditedAs(requester, reach), deps.now());
    return c.json({ allowed });
  });
