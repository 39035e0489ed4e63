import { FileAnswer, type Routes } from './call.ts';
import { BadRequest } from './bodies.ts';
import { path } from './homeserver.ts';
import { findMessage } from './messages.ts';
import { addPerson, setProfile } from './people.ts';
import { markRead } from './reading.ts';
import { asList, asText } from './workspace.ts';

const TYPING_MS = 30_000;
const MOST_READ = 500;

export const peopleRoutes: Routes = {
  'POST /api/people': async ({ workspace, json }) => {
    const { name, display_name: shown } = await json();
    if (typeof name !== 'string' || !/^[a-z0-9._=-]{1,64}$/.test(name) || name === 'workspace') {
      throw new BadRequest(400, 'A name is of a to z, digits, dots, dashes, underscores and equals signs.');
    }
    return { user: await addPerson(workspace, name, asText(shown)) };
  },
  'PUT /api/profile': async ({ workspace, me, json }) => {
    await setProfile(workspace, me, 'displayname', asText((await json())['display_name']) ?? '');
    return {};
  },
  'PUT /api/avatar': async ({ workspace, me, type, bytes }) => {
    const options = { as: me, bytes: await bytes(), type, query: { filename: 'avatar' } };
    const { content_uri: url } = await workspace.homeserver.call<{ content_uri: string }>(
      'POST',
      '/_matrix/media/v3/upload',
      options,
    );
    await setProfile(workspace, me, 'avatar_url', url);
    return { avatar_url: url };
  },
  'GET /api/people/:user': async ({ workspace, me, param }) => {
    const user = param('user');
    const profile = await workspace.homeserver.call('GET', path`/profile/${user}`, { as: me });
    const known = workspace.database.get<object>('SELECT presence, status FROM users WHERE user_id = ?', user);
    return { user, name: profile['displayname'] ?? null, avatar_url: profile['avatar_url'] ?? null, ...known };
  },
  'GET /api/people/:user/avatar': async ({ workspace, me, param }) => {
    const profile = await workspace.homeserver.call('GET', path`/profile/${param('user')}`, { as: me });
    const url = asText(profile['avatar_url']);
    if (url === undefined) throw new BadRequest(404, 'There is no picture.');
    const { bytes, type } = await workspace.homeserver.download(url);
    return new FileAnswer(bytes, type);
  },
  'PUT /api/presence': async ({ workspace, me, json }) => {
    const { presence = 'online', status, rooms } = await json();
    const told = { presence, ...(asText(status) === undefined ? {} : { status_msg: status }) };
    // Everybody who shares a room, or the servers of some rooms only: of those Eyrie says how many it tells.
    if (rooms === undefined) {
      return workspace.homeserver.call('PUT', path`/presence/${me}/status`, { as: me, body: told });
    }
    const body = { updates: [{ user_id: me, ...told }], room_ids: asList(rooms) };
    return workspace.homeserver.call('POST', '/_eyrie/admin/v1/presence', { body });
  },
  // Clients repeat it while somebody types.
  'PUT /api/rooms/:room/typing': async ({ workspace, me, param, json }) => {
    const isTyping = (await json())['typing'] === true;
    const body = { typing: isTyping, ...(isTyping ? { timeout: TYPING_MS } : {}) };
    return workspace.homeserver.call('PUT', path`/rooms/${param('room')}/typing/${me}`, { as: me, body });
  },
  'PUT /api/messages/:id/read': async ({ workspace, me, param }) => {
    const row = findMessage(workspace, param('id'));
    if (typeof row?.event_id !== 'string')
      throw new BadRequest(404, 'There is no such message, or it is not sent yet.');
    const [read] = await markRead(workspace, me, [row]);
    if (read?.event_id === undefined) throw new BadRequest(403, `It cannot be marked as read: ${read?.reason}.`);
    return read;
  },
  'PUT /api/read': async ({ workspace, me, json }) => {
    const ids = asList((await json())['messages']);
    if (ids.length > MOST_READ) throw new BadRequest(400, `At most ${MOST_READ} messages at once.`);
    const rows = ids.flatMap((id) => findMessage(workspace, String(id)) ?? []);
    return { read: await markRead(workspace, me, rows) };
  },
  'GET /api/notifications': ({ workspace, me }) => {
    const sql = 'SELECT room_id AS room, event_id FROM notifications WHERE user_id = ? ORDER BY rowid';
    return { notifications: workspace.database.all(sql, me) };
  },
  /** Why something does not work: what waits, how often it was tried, and what the answer was. */
  'GET /api/status': async ({ workspace: { database, homeserver, config } }) => {
    const ping = path`/_matrix/client/v1/appservice/${config.id}/ping`;
    const reached = await homeserver.call('POST', ping).catch((error: Error) => ({ error: error.message }));
    return {
      ping: reached,
      transactions: database.get<{ n: number }>('SELECT COUNT(*) AS n FROM transactions')?.n,
      waiting: database.all('SELECT kind, lane, tries, next_ts, error FROM jobs ORDER BY id LIMIT 100'),
      misfits: database.all('SELECT event_id, room_id, error FROM misfits LIMIT 100'),
    };
  },
};
