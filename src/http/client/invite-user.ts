// POST /_matrix/client/v3/rooms/{roomId}/invite (Client-Server API, "Joining rooms")
import { Hono } from 'hono';
import * as v from 'valibot';

import type { UserId } from '../../matrix/ids/brands.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../../matrix/json/json-value.ts';
import { inviteUser as invite } from '../../rooms/invite-user.ts';
import type { Sent } from '../../rooms/ports.ts';
import { inviteAddress, type InvitedAddress } from '../../rooms/third-party/invite-address.ts';
import { readJson, validated } from '../middleware/json-body.ts';
import { reasonContent, TargetBody } from './membership-body.ts';
import { knownRoomId, userIdOf } from './path-ids.ts';
import { invitedAddress, ThirdPartyAddressSchema } from './third-party-address.ts';
import type { RoomRoutesDeps } from './room-routes-deps.ts';

/** The path's other operation, `inviteBy3PID`. */
const AddressBody = v.object({ ...ThirdPartyAddressSchema.entries, reason: v.optional(v.string()) });

type Deps = Pick<RoomRoutesDeps, 'requireUser' | 'limitSending' | 'rooms' | 'room' | 'identity' | 'settle'>;

export const inviteUser = ({ requireUser, limitSending, rooms, room, identity, settle }: Deps) =>
  new Hono().post('/_matrix/client/v3/rooms/:roomId/invite', requireUser, limitSending, async (c) => {
    const body = await readJson(c.req.raw);
    const { requester } = c.var;
    const roomId = await knownRoomId(rooms.registry, c.req.param('roomId'));
    const sent = await inviting(body, {
      user: (target, content) => invite(rooms, requester.userId, roomId, target, content),
      address: (address, content) => inviteAddress({ rooms, room, identity }, requester, roomId, address, content),
    });
    await settle(roomId, requester, sent.pos);
    return c.json({});
  });

function inviting(
  body: JsonValue,
  ways: {
    readonly user: (target: UserId, content: JsonObject) => Promise<Sent>;
    readonly address: (address: InvitedAddress, content: JsonObject) => Promise<Sent>;
  },
): Promise<Sent> {
  if (isJsonObject(body) && body['user_id'] === undefined && body['medium'] !== undefined) {
    const { reason, ...address } = validated(AddressBody, body);
    return ways.address(invitedAddress(address), reasonContent({ reason }));
  }
  const { user_id: target, reason } = validated(TargetBody, body);
  return ways.user(userIdOf(target), reasonContent({ reason }));
}
