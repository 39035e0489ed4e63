import { randomUUID } from 'node:crypto';

import { oursIn } from './rooms.ts';
import { asList, asObject, asText, type Content, type MatrixEvent, type Workspace } from './workspace.ts';

/** Multi-language text of MSC1767 and MSC3554, neither of them accepted yet; the second names are what they will be. */
const TEXTS = ['org.matrix.msc1767.text', 'm.text'] as const;
const LANGUAGES = ['org.matrix.msc3554.lang', 'lang'] as const;
const FILES: readonly unknown[] = ['m.file', 'm.image', 'm.audio', 'm.video'];

export interface MessageRow {
  readonly id: string;
  readonly room_id: string;
  readonly event_id: string | null;
  readonly sender: string;
  readonly ts: number;
  readonly content: string;
  readonly thread: string | null;
  readonly state: 'sending' | 'sent' | 'refused';
  readonly error: string | null;
  readonly is_deleted: number;
}

const threadOf = (content: Content): string | null => {
  const relation = asObject(content['m.relates_to']);
  return relation['rel_type'] === 'm.thread' ? (asText(relation['event_id']) ?? null) : null;
};

/** Keeps a message that came from elsewhere, with or without the file that it names. */
export function keepMessage({ database, jobs }: Workspace, event: MatrixEvent): void {
  const { event_id: eventId, room_id: roomId, sender, origin_server_ts: ts, content } = event;
  // Of what was deleted before we came there is nothing to show; it may have been an edit.
  if (event.unsigned?.['redacted_because'] !== undefined) return;
  const id = randomUUID();
  const sql = `INSERT OR IGNORE INTO messages (id, room_id, event_id, sender, ts, content, thread, state)
    VALUES (?, ?, ?, ?, ?, ?, ?, 'sent')`;
  if (database.run(sql, id, roomId, eventId, sender, ts, JSON.stringify(content), threadOf(content)) === 0) return;
  const url = asText(content['url']);
  if (url === undefined || !FILES.includes(content['msgtype'])) return;
  const { mimetype, size } = asObject(content['info']);
  database.run(
    `INSERT INTO files (message_id, url, name, type, size, state) VALUES (?, ?, ?, ?, ?, 'waiting')`,
    id,
    url,
    asText(content['filename']) ?? asText(content['body']) ?? 'file',
    asText(mimetype) ?? 'application/octet-stream',
    Number.isSafeInteger(size) ? Number(size) : null,
  );
  jobs.add('fetch-file', `file ${id}`, { id });
}

/** Keeps a message of one of us, which is to be sent. */
export function keepOwnMessage({ database }: Workspace, message: OwnMessage): void {
  const { id, roomId, sender, content } = message;
  const sql = `INSERT INTO messages (id, room_id, sender, ts, content, thread, state) VALUES (?, ?, ?, ?, ?, ?, 'sending')`;
  database.run(sql, id, roomId, sender, Date.now(), JSON.stringify(content), threadOf(content));
}

export interface OwnMessage {
  readonly id: string;
  readonly roomId: string;
  readonly sender: string;
  readonly content: Content;
}

/** Tells our people that they were mentioned. @param target the message, where it is an edit */
export function keepNotifications(workspace: Workspace, event: MatrixEvent, target: string | undefined): void {
  const { room: isForAll } = asObject(event.content['m.mentions']);
  const isEdit = asObject(event.content['m.relates_to'])['rel_type'] === 'm.replace';
  for (const userId of oursIn(workspace, event.room_id)) {
    if (userId === event.sender || (isForAll !== true && !mentionsOf(event.content).includes(userId))) continue;
    const about = isEdit && target !== undefined ? target : event.event_id;
    workspace.database.run('INSERT OR IGNORE INTO notifications VALUES (?, ?, ?)', userId, about, event.room_id);
  }
}

/** The translations in a message, by language; the first is the original. A plain string there is none. */
function translationsOf(content: Content): Record<string, string> {
  const entries = asList(content[TEXTS[0]] ?? content[TEXTS[1]]).flatMap((entry): [string, string][] => {
    const { body, ...rest } = asObject(entry);
    const language = asText(rest[LANGUAGES[0]] ?? rest[LANGUAGES[1]]);
    return typeof body === 'string' && language !== undefined ? [[language, body]] : [];
  });
  return Object.fromEntries(entries);
}

export const translated = (text: string, language: string, others: Readonly<Record<string, string>>): Content => ({
  [TEXTS[0]]: Object.entries({ [language]: text, ...others }).map(([lang, body]) => ({ body, [LANGUAGES[0]]: lang })),
});

export const mentionsOf = (content: Content): readonly unknown[] => asList(asObject(content['m.mentions'])['user_ids']);

/** A message as the workspace's people see it. @param language what they read, if there is a translation into it */
export function showMessage({ database }: Workspace, row: MessageRow, language?: string): object {
  const eventId = row.event_id ?? '';
  const edit = database.get<{ content: string }>(
    'SELECT content FROM edits WHERE target = ? AND sender = ? ORDER BY ts DESC, event_id DESC LIMIT 1',
    eventId,
    row.sender,
  );
  const original = JSON.parse(row.content) as Content;
  const content = edit === undefined ? original : (JSON.parse(edit.content) as Content);
  const translations = translationsOf(content);
  const reactions: Record<string, string[]> = {};
  const sql = 'SELECT emoji, sender FROM reactions WHERE target = ? ORDER BY rowid';
  for (const { emoji, sender } of database.all<{ emoji: string; sender: string }>(sql, eventId)) {
    reactions[emoji] = [...new Set([...(reactions[emoji] ?? []), sender])];
  }
  const relation = asObject(original['m.relates_to']);
  const isFallback = relation['is_falling_back'] === true;
  return {
    id: row.id,
    event_id: row.event_id,
    room: row.room_id,
    sender: row.sender,
    ts: row.ts,
    state: row.state,
    error: row.error,
    text: textOf(content, language === undefined ? undefined : translations[language]),
    translations,
    is_edited: edit !== undefined,
    is_deleted: row.is_deleted === 1,
    is_encrypted: original['ciphertext'] !== undefined,
    quotes: isFallback ? null : (asText(asObject(relation['m.in_reply_to'])['event_id']) ?? null),
    thread: row.thread,
    mentions: mentionsOf(content),
    reactions,
    file: database.get('SELECT name, type, size, state, error FROM files WHERE message_id = ?', row.id) ?? null,
  };
}

function textOf(content: Content, translation: string | undefined): string {
  if (content['ciphertext'] !== undefined) return 'This message is encrypted; the workspace has no keys.';
  return translation ?? asText(content['body']) ?? '';
}

/** Finds a message by its ID or its event ID. */
export const findMessage = ({ database }: Workspace, id: string): MessageRow | undefined =>
  database.get<MessageRow>('SELECT * FROM messages WHERE id = ? OR event_id = ?', id, id);
