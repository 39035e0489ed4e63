// GET /_eyrie/admin/v1/rooms
import { Hono } from 'hono';

import { invalidParam } from '../../../matrix/error.ts';
import type { ServerName, UserId } from '../../../matrix/ids/brands.ts';
import { parseServerName } from '../../../matrix/ids/server-name.ts';
import { parseUserId } from '../../../matrix/ids/user-id.ts';
import { listRoomsOfMember } from '../../../rooms/list-rooms-of-member.ts';
import type { RoomList, RoomListKey, RoomOrder } from '../../../rooms/room-list.ts';
import { limitParam } from '../../client/limit-param.ts';
import type { Reach } from '../../middleware/require-workspace.ts';
import type { WorkspaceDeps } from '../workspace/workspace-deps.ts';
import { roomAnswer } from './room-answer.ts';

const MAX_NAME = 255;

type Deps = Pick<WorkspaceDeps, 'requireWorkspace' | 'list' | 'serverName' | 'rooms'>;

/**
 * Every room that is known here, to workspaces those that a user of theirs is in; `name` is a part of its name, topic or canonical alias, `member` a user who is in
 * it, `server` a server that is, `from` what the page before gave as `next_batch`.
 */
export const listRooms = ({ requireWorkspace, ...deps }: Deps) =>
  new Hono().get('/_eyrie/admin/v1/rooms', ...requireWorkspace, async (c) => {
    const limit = limitParam(c.req.query('limit'), { min: 1, max: 1_000, usual: 100 });
    const order = orderOf(c.req.query('order_by'));
    const filter = {
      name: nameOf(c.req.query('name')),
      member: memberOf(c.req.query('member')),
      server: serverOf(c.req.query('server')),
      among: await reachedUsers(c.var.reach, deps.list),
    };
    const page = { order, after: keyOf(c.req.query('from')), limit };
    const { rooms, total } = await listRoomsOfMember(deps, filter, page);
    const last = rooms.at(-1);
    return c.json({
      rooms: rooms.map((room) => ({ room_id: room.roomId, room_version: room.roomVersion, ...roomAnswer(room) })),
      total,
      ...(last === undefined || rooms.length < limit ? {} : { next_batch: `${last.joinedMembers}_${last.roomId}` }),
    });
  });

/** @returns `undefined`: the caller reaches every room. */
async function reachedUsers(
  { appserviceId, hasUser }: Reach,
  list: Pick<RoomList, 'joinedUsers'>,
): Promise<readonly UserId[] | undefined> {
  if (appserviceId === undefined) return undefined;
  return (await list.joinedUsers()).filter((userId) => hasUser(userId));
}

function orderOf(text = 'room_id'): RoomOrder {
  if (text !== 'room_id' && text !== 'joined_members') throw invalidParam('order_by has a wrong value');
  return text;
}

function nameOf(text: string | undefined): string | undefined {
  if (text !== undefined && text.length > MAX_NAME) throw invalidParam('name is too long');
  return text;
}

function memberOf(text: string | undefined): UserId | undefined {
  if (text === undefined) return undefined;
  const parsed = parseUserId(text);
  if (!parsed.ok) throw invalidParam('member is no user ID');
  return parsed.value;
}

function serverOf(text: string | undefined): ServerName | undefined {
  if (text === undefined) return undefined;
  const parsed = parseServerName(text);
  if (!parsed.ok) throw invalidParam(`server is ${parsed.reason}`);
  return parsed.value;
}

function keyOf(text: string | undefined): RoomListKey | undefined {
  if (text === undefined) return undefined;
  const [, joinedMembers, roomId] = /^(\d{1,15})_(.{1,255})$/.exec(text) ?? [];
  if (joinedMembers === undefined || roomId === undefined) throw invalidParam('from has a wrong value');
  return { joinedMembers: Number(joinedMembers), roomId };
}
