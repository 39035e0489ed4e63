import { path, Refusal } from './homeserver.ts';
import { isOurs, type Workspace } from './workspace.ts';

/** Makes the account of one of our people at Eyrie; only the workspace can. @returns whether there is such a person. */
export async function ensureRegistered({ database, homeserver }: Workspace, userId: string): Promise<boolean> {
  if (database.get('SELECT 1 FROM users WHERE user_id = ? AND is_ours', userId) === undefined) return false;
  const username = userId.slice(1, userId.indexOf(':'));
  const body = { type: 'm.login.application_service', username, inhibit_login: true };
  try {
    await homeserver.call('POST', '/register', { body });
  } catch (error) {
    if (!(error instanceof Refusal) || error.errcode !== 'M_USER_IN_USE') throw error;
  }
  return true;
}

/** Makes one of our people, or finds them again. @param shown their name, if it is to be set; a new one has one anyway */
export async function addPerson(workspace: Workspace, name: string, shown: string | undefined): Promise<string> {
  const { config, database } = workspace;
  const userId = `@${name}:${config.domain}`;
  const isNew = database.get('SELECT 1 FROM users WHERE user_id = ? AND is_ours', userId) === undefined;
  const sql = 'INSERT INTO users (user_id, is_ours) VALUES (?, 1) ON CONFLICT DO UPDATE SET is_ours = 1';
  database.run(sql, userId);
  await ensureRegistered(workspace, userId);
  if (isNew || shown !== undefined) await setProfile(workspace, userId, 'displayname', shown ?? name);
  return userId;
}

/** Sets the name or the picture; Eyrie tells it to every room that the user is in. */
export async function setProfile(
  { homeserver }: Workspace,
  userId: string,
  field: 'displayname' | 'avatar_url',
  value: string,
): Promise<void> {
  await homeserver.call('PUT', path`/profile/${userId}/${field}`, { as: userId, body: { [field]: value } });
}

/** Finds whom a text mentions by `@name` or by their whole ID. @returns them, and the text with links, as HTML. */
export function findMentions(workspace: Workspace, roomId: string, text: string): { users: string[]; html: string } {
  const sql = `SELECT user_id FROM members WHERE room_id = ? AND membership IN ('join', 'invite')`;
  const members = workspace.database.all<{ user_id: string }>(sql, roomId).map(({ user_id: userId }) => userId);
  const users = new Set<string>();
  const html = escapeHtml(text).replace(/@[\w.=/+-]*\w(?::[\w.:-]*\w)?/g, (written) => {
    const found = members
      .filter((userId) => userId === written || userId.startsWith(`${written}:`))
      .sort((a, b) => Number(isOurs(workspace, b)) - Number(isOurs(workspace, a)))[0];
    if (found === undefined) return written;
    users.add(found);
    return `<a href="https://matrix.to/#/${encodeURIComponent(found)}">${written}</a>`;
  });
  return { users: [...users], html };
}

export const escapeHtml = (text: string): string =>
  text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
