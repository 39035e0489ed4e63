// POST /_matrix/client/v3/createRoom (Client-Server API, "Creation")
import { Hono } from 'hono';
import * as v from 'valibot';

import { roomVersionRules } from '../../matrix/room-versions/versions.ts';
import { createRoom as create, directContent } from '../../rooms/create-room.ts';
import type { CreateRoomOptions } from '../../rooms/initial-events.ts';
import { inviteAddresses } from '../../rooms/third-party/invite-address.ts';
import { jsonBody } from '../middleware/json-body.ts';
import { ownContent } from './event-content.ts';
import { JsonObjectSchema } from '../json-object-schema.ts';
import { userIdOf } from './path-ids.ts';
import { invitedAddress, ThirdPartyAddressSchema } from './third-party-address.ts';
import type { RoomRoutesDeps } from './room-routes-deps.ts';

/** Each of them is asked about at an identity server. */
const MAX_ADDRESSES = 20;
/** Each is an event more of one request, which counts once for the rate limit. */
const MAX_INVITED = 100;
const MAX_INITIAL_STATE = 250;

const Body = v.object({
  visibility: v.optional(v.picklist(['public', 'private']), 'private'),
  room_alias_name: v.optional(v.string()),
  name: v.optional(v.string()),
  topic: v.optional(v.string()),
  invite: v.optional(v.pipe(v.array(v.string()), v.maxLength(MAX_INVITED)), []),
  invite_3pid: v.optional(v.pipe(v.array(ThirdPartyAddressSchema), v.maxLength(MAX_ADDRESSES)), []),
  room_version: v.optional(v.string()),
  creation_content: v.optional(JsonObjectSchema, {}),
  initial_state: v.optional(
    v.pipe(
      v.array(v.object({ type: v.string(), state_key: v.optional(v.string(), ''), content: JsonObjectSchema })),
      v.maxLength(MAX_INITIAL_STATE),
    ),
    [],
  ),
  preset: v.optional(v.picklist(['private_chat', 'public_chat', 'trusted_private_chat'])),
  is_direct: v.optional(v.boolean(), false),
  power_level_content_override: v.optional(JsonObjectSchema, {}),
});

type Deps = Pick<RoomRoutesDeps, 'requireUser' | 'limitSending' | 'rooms' | 'room' | 'identity' | 'settle'>;

export const createRoom = ({ requireUser, limitSending, rooms, room, identity, settle }: Deps) =>
  new Hono().post('/_matrix/client/v3/createRoom', requireUser, limitSending, jsonBody(Body), async (c) => {
    const body = c.req.valid('json');
    const addresses = body.invite_3pid.map(invitedAddress);
    const roomVersion = body.room_version ?? (await rooms.defaultRoomVersion());
    const { requester } = c.var;
    const roomId = await create(rooms, requester, optionsOf(body, roomVersion));
    await inviteAddresses({ rooms, room, identity }, requester, roomId, addresses, directContent(body.is_direct));
    await settle(roomId, requester, (await room.status({ roomId })).head);
    return c.json({ room_id: roomId });
  });

function optionsOf(body: v.InferOutput<typeof Body>, roomVersion: string): CreateRoomOptions {
  const rules = roomVersionRules(roomVersion);
  const isPublic = body.visibility === 'public';
  return {
    roomVersion,
    preset: body.preset ?? (isPublic ? 'public_chat' : 'private_chat'),
    isPublic,
    isDirect: body.is_direct,
    aliasName: body.room_alias_name,
    name: body.name,
    topic: body.topic,
    invite: [...new Set(body.invite.map(userIdOf))],
    creationContent: ownContent(rules, body.creation_content),
    initialState: body.initial_state.map(({ type, state_key: stateKey, content }) => ({
      type,
      stateKey,
      content: ownContent(rules, content),
    })),
    powerLevelContentOverride: ownContent(rules, body.power_level_content_override),
  };
}
