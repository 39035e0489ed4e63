import { path } from './homeserver.ts';
import { asList, asObject, asText, type Content, type MatrixEvent, type Workspace } from './workspace.ts';

export type Role = 'owner' | 'moderator' | 'user';

export const levelOf: Readonly<Record<Role, number>> = { owner: 100, moderator: 50, user: 0 };

export function stateOf({ database }: Workspace, roomId: string, type: string, key = ''): Content | undefined {
  const sql = 'SELECT content FROM state WHERE room_id = ? AND type = ? AND state_key = ?';
  const row = database.get<{ content: string }>(sql, roomId, type, key);
  return row === undefined ? undefined : (JSON.parse(row.content) as Content);
}

/** Writes state that was pushed, or, with `before`, of a snapshot that was asked for when the newest had that seq. */
export function keepState({ database }: Workspace, event: MatrixEvent, before?: number): void {
  const { room_id: roomId, type, state_key: key = '', event_id: id, sender, origin_server_ts: ts, content } = event;
  const sql = `INSERT INTO state VALUES (?, ?, ?, ?, ?, ?, ?, (SELECT COALESCE(MAX(seq), 0) + 1 FROM state))
    ON CONFLICT DO UPDATE SET event_id = excluded.event_id, sender = excluded.sender, ts = excluded.ts,
    content = excluded.content, seq = excluded.seq WHERE state.seq <= ?`;
  const limit = before ?? Number.MAX_SAFE_INTEGER;
  database.run(sql, roomId, type, key, id, sender, ts, JSON.stringify(content), limit);
}

/** Reads the whole state of a room that one of us is in: it is not pushed for what was before the first join. */
export async function readState(workspace: Workspace, roomId: string, as: string): Promise<void> {
  const { database, homeserver } = workspace;
  const before = database.get<{ seq: number }>('SELECT COALESCE(MAX(seq), 0) AS seq FROM state')?.seq ?? 0;
  const events = await homeserver.call<MatrixEvent[]>('GET', path`/rooms/${roomId}/state`, { as });
  database.transaction(() => {
    for (const event of events) keepState(workspace, { ...event, room_id: roomId }, before);
  });
}

/** Those of us who are in a room. */
export const oursIn = ({ database }: Workspace, roomId: string): string[] =>
  database
    .all<{ user_id: string }>(
      `SELECT user_id FROM members JOIN users USING (user_id) WHERE room_id = ? AND membership = 'join' AND is_ours`,
      roomId,
    )
    .map(({ user_id: userId }) => userId);

/** Versions in which creators are entered in the power levels as anybody else is. */
const ENTERED_CREATORS = new Set(Array.from({ length: 11 }, (_, index) => `${index + 1}`));

/** Those who made a room of version 12 or later: their power is no entry of the power levels, and cannot be taken. */
function creatorsOf(workspace: Workspace, roomId: string): string[] {
  const create = stateOf(workspace, roomId, 'm.room.create') ?? {};
  if (ENTERED_CREATORS.has(asText(create['room_version']) ?? '1')) return [];
  const sql = `SELECT sender FROM state WHERE room_id = ? AND type = 'm.room.create'`;
  const sender = workspace.database.get<{ sender: string }>(sql, roomId)?.sender;
  return [sender, ...asList(create['additional_creators'])].filter((user) => typeof user === 'string');
}

const roleAt = (level: unknown): Role => {
  const power = Number(level);
  if (power >= levelOf.owner) return 'owner';
  return power >= levelOf.moderator ? 'moderator' : 'user';
};

const roleIn = (levels: Content, userId: string): Role =>
  roleAt(asObject(levels['users'])[userId] ?? levels['users_default'] ?? 0);

export function roleOf(workspace: Workspace, roomId: string, userId: string): Role {
  if (creatorsOf(workspace, roomId).includes(userId)) return 'owner';
  return roleIn(stateOf(workspace, roomId, 'm.room.power_levels') ?? {}, userId);
}

/** Writes down whose role a change of the power levels changed, also of those who are no longer listed. */
export function keepRoleChanges(workspace: Workspace, event: MatrixEvent): void {
  const before = asObject(event.unsigned?.['prev_content'] ?? stateOf(workspace, event.room_id, event.type));
  const named = [...Object.keys(asObject(before['users'])), ...Object.keys(asObject(event.content['users']))];
  const creators = creatorsOf(workspace, event.room_id);
  const sql = `INSERT OR IGNORE INTO role_changes (event_id, room_id, user_id, by_user, was, became)
    VALUES (?, ?, ?, ?, ?, ?)`;
  for (const userId of new Set(named)) {
    const [was, became] = [roleIn(before, userId), roleIn(event.content, userId)];
    if (was === became || creators.includes(userId)) continue;
    workspace.database.run(sql, event.event_id, event.room_id, userId, event.sender, was, became);
  }
}

const mayLink = (workspace: Workspace, parent: string, userId: string): boolean => {
  if (creatorsOf(workspace, parent).includes(userId)) return true;
  const levels = stateOf(workspace, parent, 'm.room.power_levels') ?? {};
  const power = Number(asObject(levels['users'])[userId] ?? levels['users_default'] ?? 0);
  return power >= Number(asObject(levels['events'])['m.space.child'] ?? levels['state_default'] ?? 50);
};

/** Servers to ask for a room of which we know only the link to it. */
export const viaOf = (link: Content | undefined): string[] =>
  asList(link?.['via']).filter((server) => typeof server === 'string');

/** The room that a discussion belongs to: if that room says so too, or whoever said it might have said it there. */
export function parentOf(workspace: Workspace, roomId: string): string | undefined {
  const sql = `SELECT state_key, sender, content FROM state WHERE room_id = ? AND type = 'm.space.parent' ORDER BY ts`;
  const links = workspace.database.all<{ state_key: string; sender: string; content: string }>(sql, roomId);
  return links.find(({ state_key: parent, sender, content }) => {
    if (viaOf(JSON.parse(content) as Content).length === 0) return false;
    const isAgreed = viaOf(stateOf(workspace, parent, 'm.space.child', roomId)).length > 0;
    return isAgreed || mayLink(workspace, parent, sender);
  })?.state_key;
}

/** The discussions that were opened in a room and not closed. */
export function discussionsOf(workspace: Workspace, roomId: string): { room: string; name: string | undefined }[] {
  const sql = `SELECT state_key, content FROM state WHERE room_id = ? AND type = 'm.space.child' ORDER BY ts`;
  return workspace.database
    .all<{ state_key: string; content: string }>(sql, roomId)
    .filter(({ content }) => viaOf(JSON.parse(content) as Content).length > 0)
    .map(({ state_key: room }) => ({ room, name: asText(stateOf(workspace, room, 'm.room.name')?.['name']) }));
}
