import { keepMessage, keepNotifications } from './messages.ts';
import { wordsOf } from './jobs.ts';
import { keepRoleChanges, keepState, oursIn } from './rooms.ts';
import { asList, asObject, asText, isOurs, type Content, type MatrixEvent, type Workspace } from './workspace.ts';

/** Takes one event into the database, once however often it comes. @param isNew it is no history */
export function foldEvent(workspace: Workspace, event: MatrixEvent, isNew = true): void {
  try {
    workspace.database.transaction(() => {
      if (!isEcho(workspace, event)) fold(workspace, event, isNew);
    });
  } catch (error) {
    // One event that cannot be understood must not keep the others away.
    const sql = 'INSERT OR REPLACE INTO misfits VALUES (?, ?, ?)';
    workspace.database.run(sql, event.event_id, event.room_id, wordsOf(error));
  }
}

/** Whether it is what we sent ourselves; that it came says that it was sent, should the answer have been lost. */
function isEcho(workspace: Workspace, event: MatrixEvent): boolean {
  const id = asText(event.unsigned?.['transaction_id']);
  if (event.unsigned?.['eyrie.appservice_id'] !== workspace.config.id || id === undefined) return false;
  if (!keepSent(workspace, id, event.event_id)) return false;
  keepNotifications(workspace, event, undefined);
  return true;
}

/** A message of ours has its event ID now. @returns whether there is such a message. */
export function keepSent({ database }: Workspace, id: string, eventId: string): boolean {
  if (database.get('SELECT 1 FROM messages WHERE id = ?', id) === undefined) return false;
  // Without a mark it may have come before the answer, as if somebody else had sent it.
  database.run('DELETE FROM messages WHERE event_id = ? AND id <> ?', eventId, id);
  database.run(`UPDATE messages SET event_id = ?, state = 'sent', error = NULL WHERE id = ?`, eventId, id);
  return true;
}

function fold(workspace: Workspace, event: MatrixEvent, isNew: boolean): void {
  const { database } = workspace;
  const { event_id: id, sender, content } = event;
  const relation = asObject(content['m.relates_to']);
  const target = asText(relation['event_id']);
  if (event.state_key !== undefined) {
    if (isNew) foldState(workspace, event);
  } else if (event.type === 'm.room.redaction') {
    foldDeletion(workspace, event);
  } else if (isDeleted(workspace, id)) {
    return; // its deletion came first: history is read while new things arrive
  } else if (event.type === 'm.reaction') {
    const emoji = asText(relation['key']);
    if (target === undefined || emoji === undefined) return;
    database.run('INSERT OR IGNORE INTO reactions VALUES (?, ?, ?, ?)', id, target, sender, emoji);
  } else if (event.type === 'm.room.message' || event.type === 'm.room.encrypted') {
    if (relation['rel_type'] === 'm.replace' && target !== undefined) {
      if (isDeleted(workspace, target)) return;
      const edited = JSON.stringify(asObject(content['m.new_content']));
      const sql = 'INSERT OR IGNORE INTO edits VALUES (?, ?, ?, ?, ?)';
      database.run(sql, id, target, sender, event.origin_server_ts, edited);
    } else keepMessage(workspace, event);
    if (isNew) keepNotifications(workspace, event, target);
  }
}

const isDeleted = ({ database }: Workspace, eventId: string): boolean =>
  database.get('SELECT 1 FROM deletions WHERE target = ?', eventId) !== undefined;

function foldDeletion({ database, jobs }: Workspace, event: MatrixEvent): void {
  const target = event.redacts ?? asText(event.content['redacts']);
  if (target === undefined) return;
  const reason = asText(event.content['reason']) ?? null;
  database.run('INSERT OR IGNORE INTO deletions VALUES (?, ?, ?)', target, event.sender, reason);
  database.run(`UPDATE messages SET is_deleted = 1, content = '{}' WHERE event_id = ?`, target);
  const sql = 'DELETE FROM files WHERE message_id = (SELECT id FROM messages WHERE event_id = ?) RETURNING message_id';
  const file = database.get<{ message_id: string }>(sql, target);
  if (file !== undefined) jobs.add('drop-file', `drop ${file.message_id}`, { id: file.message_id });
  database.run('DELETE FROM edits WHERE event_id = ? OR target = ?', target, target);
  database.run('DELETE FROM reactions WHERE event_id = ?', target);
  database.run('DELETE FROM notifications WHERE event_id = ?', target);
}

function foldState(workspace: Workspace, event: MatrixEvent): void {
  const { room_id: roomId, state_key: key = '', content, unsigned, sender } = event;
  if (event.type === 'm.room.power_levels') keepRoleChanges(workspace, event);
  const wereThere = oursIn(workspace, roomId).length > 0;
  keepState(workspace, event);
  if (event.type !== 'm.room.member') return;
  workspace.database.run('INSERT OR IGNORE INTO users (user_id) VALUES (?)', key);
  if (content['is_direct'] === true && content['membership'] === 'invite') {
    workspace.database.run('INSERT OR IGNORE INTO direct_rooms VALUES (?)', roomId);
  }
  if (!isOurs(workspace, key)) return;
  // Of a room that none of us is in there is no other state.
  for (const stripped of asList(unsigned?.['invite_room_state'])) {
    const known = { event_id: '', origin_server_ts: 0, sender, ...asObject(stripped), room_id: roomId } as MatrixEvent;
    if (!wereThere && known.state_key !== key) keepState(workspace, known);
  }
  if (content['membership'] === 'join' && !wereThere) {
    workspace.jobs.add('history', `history ${roomId}`, { roomId, as: key });
  }
}

/** Takes typing, receipts and presence. */
export function foldEphemeral(workspace: Workspace, { type, room_id: roomId = '', sender, content }: Ephemeral): void {
  const { database } = workspace;
  if (type === 'm.typing') {
    database.run('DELETE FROM typing WHERE room_id = ?', roomId);
    for (const userId of asList(content['user_ids'])) {
      database.run('INSERT OR IGNORE INTO typing VALUES (?, ?)', roomId, String(userId));
    }
  } else if (type === 'm.presence' && sender !== undefined) {
    const sql = `INSERT INTO users (user_id, presence, status) VALUES (?, ?, ?)
      ON CONFLICT DO UPDATE SET presence = excluded.presence, status = excluded.status`;
    database.run(sql, sender, asText(content['presence']) ?? 'offline', asText(content['status_msg']) ?? null);
  } else if (type === 'm.receipt') {
    for (const [eventId, byType] of Object.entries(content)) {
      for (const [userId, data] of Object.entries(asObject(asObject(byType)['m.read']))) {
        const { ts, thread_id: thread } = asObject(data);
        const sql = 'INSERT OR REPLACE INTO receipts VALUES (?, ?, ?, ?, ?)';
        database.run(sql, roomId, userId, asText(thread) ?? '', eventId, Number.isSafeInteger(ts) ? Number(ts) : 0);
      }
    }
  }
}

export interface Ephemeral {
  readonly type: string;
  readonly room_id?: string;
  readonly sender?: string;
  readonly content: Content;
}
