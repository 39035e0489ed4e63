// POST /_eyrie/admin/v1/dm
import { Hono } from 'hono';
import * as v from 'valibot';

import { invalidParam, type MatrixError } from '../../../matrix/error.ts';
import type { UserId } from '../../../matrix/ids/brands.ts';
import { openDirectRoom } from '../../../rooms/direct/open-direct-room.ts';
import { userIdOf } from '../../client/path-ids.ts';
import { jsonBody } from '../../middleware/json-body.ts';
import { actingUser, auditedAs, type WorkspaceDeps } from './workspace-deps.ts';

const MAX_MEMBERS = 50;
const MAX_NAME = 255;

const Body = v.strictObject({
  creator: v.string(),
  members: v.pipe(v.array(v.string()), v.minLength(1), v.maxLength(MAX_MEMBERS)),
  create: v.optional(v.boolean(), true),
  name: v.optional(v.pipe(v.string(), v.maxLength(MAX_NAME))),
});

/** The direct chat of a user and others: the one that there is, or else a new one. */
export const openDm = (deps: WorkspaceDeps) =>
  new Hono().post('/_eyrie/admin/v1/dm', ...deps.requireWorkspace, jsonBody(Body), async (c) => {
    const { creator: creatorText, members: memberTexts, create, name } = c.req.valid('json');
    const { reach, requester } = c.var;
    const creator = await actingUser(deps, reach, userIdOf(creatorText));
    const members = [...new Set(memberTexts.map(userIdOf))].filter((userId) => userId !== creator.userId);
    if (members.length === 0) throw invalidParam('members has nobody but the creator');
    const opened = await openDirectRoom(deps.direct, creator, { members, create, name });
    const { roomId, created, pending, invited, failed } = opened;
    const note = (action: string, whom: readonly UserId[]) =>
      deps.audit.write({
        ts: deps.now(),
        by: auditedAs(requester, reach),
        action,
        detail: { room_id: roomId, creator: creator.userId, members: whom },
      });
    if (!created && invited.length > 0) await note('direct_room_invite', invited);
    if (created) {
      await note('direct_room', members);
      // Who asks next may look for it by what else is known of the rooms.
      await deps.settle(roomId, creator.shard);
    }
    return c.json({
      room_id: roomId,
      created,
      pending,
      failed: failed.map(({ userId, error }) => ({ user_id: userId, reason: reasonOf(error), error: error.message })),
    });
  });

/** As the check of users says it; what another server or the room answered stays its errcode. */
const REASONS: Readonly<Record<string, string>> = {
  EYRIE_POLICY_DENIED: 'federation-policy-denied',
  EYRIE_CONNECTION_FAILED: 'federation-connection-failed',
  EYRIE_USER_NOT_FOUND: 'federation-user-not-found',
};

const reasonOf = ({ errcode }: MatrixError): string => REASONS[errcode] ?? errcode;
