// PUT /_matrix/federation/v1/3pid/onbind (Server-Server API, "Third-party invites")
import { Hono, type Context } from 'hono';
import * as v from 'valibot';

import { acceptBinding } from '../../rooms/third-party/accept-binding.ts';
import { readJson, validated } from '../middleware/json-body.ts';
import { roomIdIn, userIdIn } from './request-ids.ts';
import type { FederationRoomDeps } from './room-routes-deps.ts';
import { SignedSchema, signedBinding } from './signed-binding.ts';

const MAX_BODY_BYTES = 262_144;
const MAX_INVITES = 20;

const Body = v.object({
  mxid: v.string(),
  invites: v.pipe(
    v.array(v.object({ mxid: v.string(), room_id: v.string(), sender: v.string(), signed: SignedSchema })),
    v.maxLength(MAX_INVITES),
  ),
});

/**
 * Open to everybody: who asks is any identity server, and what it says proves itself by its signature. POST is what
 * identity servers send.
 */
export const onBindThirdPartyIdentifier = ({ requireFederation, limitStrangers, thirdParty }: FederationRoomDeps) => {
  const answer = async (c: Context) => {
    const body = validated(Body, await readJson(c.req.raw, MAX_BODY_BYTES));
    const userId = userIdIn(body.mxid);
    const invites = body.invites
      .filter(({ mxid }) => mxid === userId)
      .map(({ room_id: roomId, sender, signed }) => ({
        roomId: roomIdIn(roomId),
        sender: userIdIn(sender),
        signed: signedBinding(signed),
      }));
    await acceptBinding(
      thirdParty,
      userId,
      invites.filter(({ signed }) => signed.mxid === userId),
    );
    return c.json({});
  };
  const path = '/_matrix/federation/v1/3pid/onbind';
  return new Hono().on(['PUT', 'POST'], path, requireFederation, limitStrangers, answer);
};
