import type { Call, Routes } from './call.ts';
import { BadRequest } from './bodies.ts';
import { path, Refusal } from './homeserver.ts';
import { discussionsOf, levelOf, parentOf, readState, type Role, roleOf, stateOf, viaOf } from './rooms.ts';
import { sendMessage } from './send.ts';
import { asList, asText, type Content, type Workspace } from './workspace.ts';

interface Member {
  readonly user_id: string;
  readonly name: string | null;
  readonly membership: string;
}

function showRoom(workspace: Workspace, roomId: string, me: string): object {
  const { database } = workspace;
  const get = (type: string, field: string): string | null => asText(stateOf(workspace, roomId, type)?.[field]) ?? null;
  const mine = database.get<{ membership: string; sender: string; reason: string | null }>(
    'SELECT membership, sender, reason FROM members WHERE room_id = ? AND user_id = ?',
    roomId,
    me,
  );
  return {
    room: roomId,
    name: get('m.room.name', 'name'),
    topic: get('m.room.topic', 'topic'),
    is_direct: database.get('SELECT 1 FROM direct_rooms WHERE room_id = ?', roomId) !== undefined,
    parent: parentOf(workspace, roomId) ?? null,
    moved_to: get('m.room.tombstone', 'replacement_room'),
    membership: mine?.membership ?? 'leave',
    by: mine?.sender ?? null,
    reason: mine?.reason ?? null,
  };
}

/** To who is in it everything, to who is invited or was in it what it is. */
function showWholeRoom(workspace: Workspace, roomId: string, me: string): object {
  const { database } = workspace;
  const sql = 'SELECT membership FROM members WHERE room_id = ? AND user_id = ?';
  const mine = database.get<{ membership: string }>(sql, roomId, me)?.membership;
  if (mine === undefined) throw new BadRequest(404, 'You are in no such room.');
  if (mine !== 'join') return showRoom(workspace, roomId, me);
  const members = database.all<Member>('SELECT user_id, name, membership FROM members WHERE room_id = ?', roomId);
  const typing = database.all<{ user_id: string }>('SELECT user_id FROM typing WHERE room_id = ?', roomId);
  return {
    ...showRoom(workspace, roomId, me),
    members: members.map((member) => ({ ...member, role: roleOf(workspace, roomId, member.user_id) })),
    discussions: discussionsOf(workspace, roomId),
    typing: typing.map(({ user_id: userId }) => userId),
    receipts: database.all('SELECT user_id, thread, event_id FROM receipts WHERE room_id = ?', roomId),
    role_changes: database.all(
      'SELECT user_id, by_user, was, became FROM role_changes WHERE room_id = ? ORDER BY id',
      roomId,
    ),
  };
}

interface MadeRoom {
  readonly room: string;
  /** Who could not be invited, and why. */
  readonly not_invited: readonly {
    readonly user: string;
    readonly errcode: string | undefined;
    readonly reason: string | undefined;
    readonly error: string;
  }[];
}

/**
 * Makes a room as one of us, and knows its state before anybody is told of it. People are invited one by one: who is named
 * when a room is made, and cannot be invited, is left out without a word.
 */
async function makeRoom(call: Call, body: object, invite: readonly unknown[]): Promise<MadeRoom> {
  const { workspace, me } = call;
  const shared = { type: 'm.room.history_visibility', state_key: '', content: { history_visibility: 'shared' } };
  const { initial_state: given = [], ...rest } = body as { initial_state?: object[] };
  const { room_id: room } = await workspace.homeserver.call<{ room_id: string }>('POST', '/createRoom', {
    as: me,
    body: {
      // Anybody may open a discussion.
      power_level_content_override: { events: { 'm.space.child': 0 } },
      ...rest,
      initial_state: [shared, ...given],
    },
  });
  await readState(workspace, room, me);
  const refused: MadeRoom['not_invited'][number][] = [];
  for (const user of new Set(invite.map(String))) {
    try {
      await inviteTo(call, room, user);
    } catch (error) {
      const { errcode, reason } = error instanceof Refusal ? error : {};
      refused.push({ user, errcode, reason, error: (error as Error).message });
    }
  }
  return { room, not_invited: refused };
}

const inviteTo = ({ workspace, me }: Call, room: string, user: unknown) =>
  workspace.homeserver.call('POST', path`/rooms/${room}/invite`, { as: me, body: { user_id: user } });

/** A room that hangs below another: the link there, the link back, and a message that is enough without them. */
async function openDiscussion(call: Call): Promise<object> {
  const { workspace, me } = call;
  const parent = call.param('room');
  const { name, invite } = await call.json();
  const title = asText(name) ?? 'Discussion';
  const via = [workspace.config.domain];
  const initial = [
    { type: 'm.space.parent', state_key: parent, content: { via, canonical: true } },
    {
      type: 'm.room.join_rules',
      state_key: '',
      content: { join_rule: 'restricted', allow: [{ type: 'm.room_membership', room_id: parent }] },
    },
  ];
  const made = await makeRoom(call, { name: title, initial_state: initial }, asList(invite));
  const { room } = made;
  const link = path`/rooms/${parent}/state/m.space.child/${room}`;
  await workspace.homeserver.call('PUT', link, { as: me, body: { via } });
  const url = `https://matrix.to/#/${encodeURIComponent(room)}?via=${encodeURIComponent(via[0] ?? '')}`;
  const message = { msgtype: 'm.text', body: `${title}: ${url}`, 'm.mentions': {} };
  return { ...made, message: await sendMessage(workspace, { roomId: parent, as: me, content: message }) };
}

async function join({ workspace, me, json }: Call): Promise<object> {
  const { room, via } = await json();
  const wanted = asText(room) ?? '';
  const known = workspace.database.all<{ content: string }>(
    `SELECT content FROM state WHERE type = 'm.space.child' AND state_key = ?`,
    wanted,
  );
  const servers = [...asList(via), ...known.flatMap(({ content }) => viaOf(JSON.parse(content) as Content))];
  const query = servers.map((server) => `via=${encodeURIComponent(String(server))}`).join('&');
  const where = path`/join/${wanted}` + (query === '' ? '' : `?${query}`);
  const { room_id: joined } = await workspace.homeserver.call<{ room_id: string }>('POST', where, { as: me });
  const sql = `SELECT 1 FROM members WHERE room_id = ? AND user_id = ? AND membership = 'join'`;
  const isKnown = workspace.database.get(sql, joined, me) !== undefined;
  // The push may come later; whoever joined may speak at once.
  if (!isKnown) await workspace.jobs.addAndTry('history', `history ${joined}`, { roomId: joined, as: me });
  return { room: joined };
}

/** Sets a role as a power level. Who is no longer anything keeps an entry of 0: some servers overlook one that is gone. */
async function setRole(call: Call): Promise<object> {
  const { workspace, me } = call;
  const role = asText((await call.json())['role']) ?? '';
  if (!Object.hasOwn(levelOf, role)) throw new BadRequest(400, 'A role is owner, moderator or user.');
  const roomId = call.param('room');
  const where = path`/_eyrie/admin/v1/rooms/${roomId}/power_level/${call.param('user')}`;
  const body = { level: levelOf[role as Role], sender: me };
  return workspace.homeserver.call('PUT', where, { body });
}

/** Leaves, or has somebody leave. */
async function remove(call: Call): Promise<object> {
  const { workspace, me } = call;
  const user = call.param('user');
  const { reason, ban } = await call.json();
  const roomId = call.param('room');
  const way = ban === true ? 'ban' : 'kick';
  const where = user === me ? path`/rooms/${roomId}/leave` : path`/rooms/${roomId}/${way}`;
  const about = asText(reason) === undefined ? {} : { reason };
  return workspace.homeserver.call('POST', where, { as: me, body: user === me ? about : { user_id: user, ...about } });
}

async function setAbout(call: Call): Promise<object> {
  const body = await call.json();
  for (const field of ['name', 'topic'] as const) {
    const value = asText(body[field]);
    if (value === undefined) continue;
    const where = path`/rooms/${call.param('room')}/state/m.room.${field}/`;
    await call.workspace.homeserver.call('PUT', where, { as: call.me, body: { [field]: value } });
  }
  return {};
}

export const roomRoutes: Routes = {
  'GET /api/rooms': ({ workspace, me }) => {
    const sql = `SELECT room_id FROM members WHERE user_id = ? AND membership IN ('join', 'invite') ORDER BY room_id`;
    const rooms = workspace.database.all<{ room_id: string }>(sql, me);
    return { rooms: rooms.map(({ room_id: roomId }) => showRoom(workspace, roomId, me)) };
  },
  'POST /api/rooms': async (call) => {
    const { name, topic, public: isPublic, invite } = await call.json();
    const preset = isPublic === true ? 'public_chat' : 'private_chat';
    return makeRoom(call, { name, topic, preset }, asList(invite));
  },
  'POST /api/joins': join,
  'POST /api/directs': async (call) => {
    const { with: others } = await call.json();
    const body = { creator: call.me, members: asList(others) };
    const made = await call.workspace.homeserver.call<{ room_id: string }>('POST', '/_eyrie/admin/v1/dm', { body });
    call.workspace.database.run('INSERT OR IGNORE INTO direct_rooms VALUES (?)', made.room_id);
    await readState(call.workspace, made.room_id, call.me);
    return { room: made.room_id, ...made };
  },
  'GET /api/rooms/:room': (call) => showWholeRoom(call.workspace, call.param('room'), call.me),
  'PATCH /api/rooms/:room': setAbout,
  'POST /api/rooms/:room/members': async (call) => inviteTo(call, call.param('room'), (await call.json())['user']),
  'DELETE /api/rooms/:room/members/:user': remove,
  'DELETE /api/rooms/:room/bans/:user': (call) => {
    const body = { user_id: call.param('user') };
    return call.workspace.homeserver.call('POST', path`/rooms/${call.param('room')}/unban`, { as: call.me, body });
  },
  'PUT /api/rooms/:room/roles/:user': setRole,
  'POST /api/rooms/:room/discussions': openDiscussion,
  'DELETE /api/rooms/:room/discussions/:discussion': (call) => {
    const where = path`/rooms/${call.param('room')}/state/m.space.child/${call.param('discussion')}`;
    return call.workspace.homeserver.call('PUT', where, { as: call.me, body: {} });
  },
};
