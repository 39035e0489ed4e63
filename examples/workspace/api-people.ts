import { FileAnswer, type Routes } from './call.ts';
import { BadRequest } from './bodies.ts';
import { path } from './homeserver.ts';
import { findMessage } from './messages.ts';
import { addPerson, setProfile } from './people.ts';
import { asText } from './workspace.ts';

const TYPING_MS = 30_000;

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
    const { presence, status } = await json();
    const body = { presence: presence ?? 'online', ...(asText(status) === undefined ? {} : { status_msg: status }) };
    return workspace.homeserver.call('PUT', path`/presence/${me}/status`, { as: me, body });
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
    const thread = row.thread ?? 'main';
    const where = path`/rooms/${row.room_id}/receipt/m.read/${row.event_id}`;
    await workspace.homeserver.call('POST', where, { as: me, body: { thread_id: thread } });
    const sql = 'INSERT OR REPLACE INTO receipts VALUES (?, ?, ?, ?, ?)';
    workspace.database.run(sql, row.room_id, me, thread, row.event_id, Date.now());
    return {};
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
