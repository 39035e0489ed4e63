// PUT /_matrix/federation/v1/exchange_third_party_invite/{roomId} (Server-Server API, "Third-party invites")
import { Hono } from 'hono';
import * as v from 'valibot';

import { badJson, forbidden, invalidParam } from '../../matrix/error.ts';
import { isJsonObject } from '../../matrix/json/json-value.ts';
import { userIdServer } from '../../matrix/ids/user-id.ts';
import { exchangeInvite } from '../../rooms/third-party/exchange-invite.ts';
import { validated } from '../middleware/json-body.ts';
import { roomIdIn, userIdIn } from './request-ids.ts';
import type { FederationRoomDeps } from './room-routes-deps.ts';
import { SignedSchema, signedBinding } from './signed-binding.ts';

const Body = v.object({
  type: v.literal('m.room.member'),
  room_id: v.string(),
  sender: v.string(),
  state_key: v.string(),
  content: v.object({
    membership: v.literal('invite'),
    third_party_invite: v.object({ signed: SignedSchema }),
  }),
});

type Deps = Pick<FederationRoomDeps, 'requireServer' | 'thirdParty'>;

export const exchangeThirdPartyInvite = ({ requireServer, thirdParty }: Deps) =>
  new Hono().put('/_matrix/federation/v1/exchange_third_party_invite/:roomId', requireServer, async (c) => {
    if (!isJsonObject(c.var.body)) throw badJson('The body is no object');
    const { room_id: named, sender, state_key: target, content } = validated(Body, c.var.body);
    const roomId = roomIdIn(c.req.param('roomId'));
    if (named !== roomId) throw invalidParam('The event is of another room');
    const { origin } = c.var.requester;
    const userId = userIdIn(target);
    if (userIdServer(userId) !== origin) throw forbidden('The user is not one of your server');
    const signed = signedBinding(content.third_party_invite.signed);
    await exchangeInvite(thirdParty, { roomId, origin, sender: userIdIn(sender), target: userId, signed });
    return c.json({});
  });
