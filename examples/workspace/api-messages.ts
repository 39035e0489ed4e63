import { randomUUID } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';

import { type Call, FileAnswer, type Routes } from './call.ts';
import { BadRequest } from './bodies.ts';
import { keepFile } from './fetch.ts';
import { findMessage, mentionsOf, type MessageRow, showMessage, translated } from './messages.ts';
import { findMentions } from './people.ts';
import { filePath, send, sendAgain, sendMessage } from './send.ts';
import { asObject, asText, type Content, type Workspace } from './workspace.ts';

/** The message that the path names; who sees it is in its room. */
function messageOf({ workspace, me, param }: Call): MessageRow {
  const row = findMessage(workspace, param('id'));
  if (row === undefined || !isIn(workspace, row.room_id, me)) throw new BadRequest(404, 'There is no such message.');
  return row;
}

/** The event ID of a message, by which others know it. */
function eventIdOf(row: MessageRow | undefined): string {
  if (row === undefined) throw new BadRequest(404, 'There is no such message.');
  if (row.event_id === null) throw new BadRequest(409, `The message is not sent yet. ${row.error ?? ''}`.trim());
  return row.event_id;
}

const isIn = ({ database }: Workspace, roomId: string, userId: string): boolean =>
  database.get(`SELECT 1 FROM members WHERE room_id = ? AND user_id = ? AND membership = 'join'`, roomId, userId) !==
  undefined;

function roomOf({ workspace, me, param }: Call): string {
  if (!isIn(workspace, param('room'), me)) throw new BadRequest(403, 'You are not in that room.');
  return param('room');
}

/** What a message says: its text, links for those it mentions, and its translations. */
function contentOf(workspace: Workspace, roomId: string, said: Content): Content {
  const text = asText(said['text']);
  if (text === undefined || text === '') throw new BadRequest(400, 'A message has a text.');
  const { users, html } = findMentions(workspace, roomId, text);
  const language = asText(said['language']);
  const others = Object.entries(asObject(said['translations'])).map(([key, value]) => [key, String(value)]);
  return {
    msgtype: 'm.text',
    body: text,
    ...(users.length > 0 ? { format: 'org.matrix.custom.html', formatted_body: html } : {}),
    'm.mentions': { ...(users.length > 0 ? { user_ids: users } : {}), ...(/@room\b/.test(text) ? { room: true } : {}) },
    ...(language === undefined ? {} : translated(text, language, Object.fromEntries(others) as Record<string, string>)),
  };
}

/** What a message answers: the message it quotes, the thread it is in, or both; of the same room. */
function relationOf(workspace: Workspace, roomId: string, said: Content): Content {
  const idIn = (value: unknown): string | undefined => {
    const row = typeof value === 'string' ? findMessage(workspace, value) : undefined;
    return value === undefined ? undefined : eventIdOf(row?.room_id === roomId ? row : undefined);
  };
  const answered = idIn(said['quotes']);
  const rootId = idIn(said['thread']);
  if (rootId === undefined) return answered === undefined ? {} : { 'm.in_reply_to': { event_id: answered } };
  const sql = 'SELECT event_id FROM messages WHERE thread = ? AND event_id IS NOT NULL ORDER BY ts DESC, rowid DESC';
  const newest = workspace.database.get<{ event_id: string }>(sql, rootId)?.event_id ?? rootId;
  return {
    rel_type: 'm.thread',
    event_id: rootId,
    // Clients without threads show what it follows.
    'm.in_reply_to': { event_id: answered ?? newest },
    is_falling_back: answered === undefined,
  };
}

async function say(call: Call): Promise<object> {
  const { workspace, me } = call;
  const roomId = roomOf(call);
  const said = await call.json();
  const relation = relationOf(workspace, roomId, said);
  const content = {
    ...contentOf(workspace, roomId, said),
    ...(Object.keys(relation).length > 0 ? { 'm.relates_to': relation } : {}),
  };
  return shown(workspace, await sendMessage(workspace, { roomId, as: me, content }));
}

async function sayFile(call: Call): Promise<object> {
  const { workspace, me, type } = call;
  const roomId = roomOf(call);
  const name = call.query('name') ?? 'file';
  const bytes = await call.bytes();
  const id = randomUUID();
  keepFile(workspace, id, bytes);
  const keep = (): void => {
    const sql = `INSERT INTO files (message_id, name, type, size, state) VALUES (?, ?, ?, ?, 'there')`;
    workspace.database.run(sql, id, name, type, bytes.length);
  };
  const msgtype = type.startsWith('image/') ? 'm.image' : 'm.file';
  const content = { msgtype, body: name, filename: name, info: { mimetype: type, size: bytes.length } };
  return shown(workspace, await sendMessage(workspace, { roomId, as: me, content, id, keep }));
}

function shown(workspace: Workspace, id: string, language?: string): object {
  const row = findMessage(workspace, id);
  if (row === undefined) throw new BadRequest(404, 'There is no such message.');
  return showMessage(workspace, row, language);
}

/** Sends what changes a message. Answers with the message, or why it was refused. */
async function change(call: Call, row: MessageRow, what: { type: string; content: Content; redacts?: string }) {
  const outcome = await send(call.workspace, { roomId: row.room_id, as: call.me, ...what });
  if (outcome.result === 'refused') throw outcome.error;
  return { ...shown(call.workspace, row.id), is_waiting: outcome.result === 'waits' };
}

async function edit(call: Call): Promise<object> {
  const row = messageOf(call);
  if (row.sender !== call.me) throw new BadRequest(403, 'Only who said it changes it.');
  const content = contentOf(call.workspace, row.room_id, await call.json());
  const before = mentionsOf(JSON.parse(row.content) as Content);
  const whole = {
    ...content,
    body: `* ${asText(content['body'])}`,
    // Who was mentioned before is not told again.
    'm.mentions': { user_ids: mentionsOf(content).filter((userId) => !before.includes(userId)) },
    'm.new_content': content,
    'm.relates_to': { rel_type: 'm.replace', event_id: eventIdOf(row) },
  };
  return change(call, row, { type: 'm.room.message', content: whole });
}

async function remove(call: Call): Promise<object> {
  const row = messageOf(call);
  const reason = asText((await call.json())['reason']);
  const content = reason === undefined ? {} : { reason };
  return change(call, row, { type: 'm.room.redaction', content, redacts: eventIdOf(row) });
}

async function unreact(call: Call): Promise<object> {
  const row = messageOf(call);
  const sql = 'SELECT event_id FROM reactions WHERE target = ? AND sender = ? AND emoji = ?';
  const given = call.workspace.database.get<{ event_id: string }>(sql, eventIdOf(row), call.me, call.param('emoji'));
  if (given === undefined) throw new BadRequest(404, 'You did not react so.');
  return change(call, row, { type: 'm.room.redaction', content: {}, redacts: given.event_id });
}

/** The file of a message. One that has not come yet is asked for again at once. */
function fileOf(call: Call): object {
  const { workspace } = call;
  const row = messageOf(call);
  const sql = 'SELECT type, state, error FROM files WHERE message_id = ?';
  const file = workspace.database.get<{ type: string; state: string; error: string | null }>(sql, row.id);
  if (file === undefined) throw new BadRequest(404, 'The message has no file.');
  const from = filePath(workspace, row.id);
  if (file.state === 'there' && existsSync(from)) return new FileAnswer(readFileSync(from), file.type);
  workspace.jobs.hurry(`file ${row.id}`);
  throw new BadRequest(503, `The file has not come yet. ${file.error ?? ''}`.trim());
}

export const messageRoutes: Routes = {
  'GET /api/rooms/:room/messages': (call) => {
    const thread = call.query('thread');
    const root = thread === undefined ? null : eventIdOf(findMessage(call.workspace, thread));
    const sql = `SELECT * FROM (SELECT *, rowid AS n FROM messages WHERE room_id = ? AND (? IS NULL OR thread = ?)
      ORDER BY ts DESC, rowid DESC LIMIT 200) ORDER BY ts, n`;
    const rows = call.workspace.database.all<MessageRow>(sql, roomOf(call), root, root);
    return { messages: rows.map((row) => showMessage(call.workspace, row, call.query('language'))) };
  },
  'POST /api/rooms/:room/messages': say,
  'POST /api/rooms/:room/files': sayFile,
  'GET /api/messages/:id': (call) => shown(call.workspace, messageOf(call).id, call.query('language')),
  'GET /api/messages/:id/file': fileOf,
  'PUT /api/messages/:id': edit,
  'DELETE /api/messages/:id': remove,
  'POST /api/messages/:id/retry': async (call) => {
    const row = messageOf(call);
    const isMine = row.sender === call.me && row.state === 'refused';
    if (!isMine) throw new BadRequest(409, 'Only what you said and was refused is sent again.');
    await sendAgain(call.workspace, row.id);
    return shown(call.workspace, row.id);
  },
  'PUT /api/messages/:id/reactions/:emoji': (call) => {
    const row = messageOf(call);
    const relation = { rel_type: 'm.annotation', event_id: eventIdOf(row), key: call.param('emoji') };
    return change(call, row, { type: 'm.reaction', content: { 'm.relates_to': relation } });
  },
  'DELETE /api/messages/:id/reactions/:emoji': unreact,
};
