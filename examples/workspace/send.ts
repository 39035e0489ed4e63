import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { foldEvent, keepSent } from './fold.ts';
import { path } from './homeserver.ts';
import { type Outcome, wordsOf } from './jobs.ts';
import { keepOwnMessage } from './messages.ts';
import { asObject, type Content, type Workspace } from './workspace.ts';

/** What one of us says or does in a room, on its way to Eyrie. */
interface Sending {
  /** the Matrix transaction ID: sent twice under it, it happens once; of a message it is the ID too */
  readonly txnId: string;
  readonly roomId: string;
  readonly as: string;
  readonly type: string;
  readonly content: Content;
  /** what a deletion deletes */
  readonly redacts?: string;
}

export const filePath = ({ config }: Workspace, messageId: string): string => join(config.data, 'files', messageId);

const laneOf = (roomId: string): string => `send ${roomId}`;

/** Sends a message. It is in the database before anything else is tried, and shown as `sending`. @returns its ID */
export async function sendMessage(
  workspace: Workspace,
  { roomId, as, content, id = randomUUID(), keep }: Message,
): Promise<string> {
  workspace.database.transaction(() => {
    keepOwnMessage(workspace, { id, roomId, sender: as, content });
    keep?.();
  });
  const sending: Sending = { txnId: id, roomId, as, type: 'm.room.message', content };
  await workspace.jobs.addAndTry('send', laneOf(roomId), sending);
  return id;
}

interface Message {
  readonly roomId: string;
  readonly as: string;
  readonly content: Content;
  readonly id?: string;
  /** what else belongs to it */
  readonly keep?: () => void;
}

/** Sends an edit, a reaction or a deletion, after the messages of the room that wait. */
export const send = (workspace: Workspace, what: Omit<Sending, 'txnId'>): Promise<Outcome> =>
  workspace.jobs.addAndTry('send', laneOf(what.roomId), { ...what, txnId: randomUUID() });

/** Sends a message that was refused once more. */
export function sendAgain({ database, jobs }: Workspace, id: string): Promise<Outcome> {
  const sql = `UPDATE messages SET state = 'sending' WHERE id = ? AND state = 'refused' RETURNING room_id, sender, content`;
  const row = database.get<{ room_id: string; sender: string; content: string }>(sql, id);
  if (row === undefined) throw new Error('only what was refused is sent again');
  const content = JSON.parse(row.content) as Content;
  const sending: Sending = { txnId: id, roomId: row.room_id, as: row.sender, type: 'm.room.message', content };
  return jobs.addAndTry('send', laneOf(row.room_id), sending);
}

export function defineSending(workspace: Workspace): void {
  const { database, jobs } = workspace;
  jobs.define<Sending>('send', {
    run: (sending) => sendOnce(workspace, sending),
    failed: ({ txnId }, error, isFinal) => {
      const sql = 'UPDATE messages SET state = ?, error = ? WHERE id = ?';
      database.run(sql, isFinal ? 'refused' : 'sending', wordsOf(error), txnId);
    },
  });
}

async function sendOnce(workspace: Workspace, sending: Sending): Promise<void> {
  const { homeserver } = workspace;
  const { txnId, roomId, as, type, redacts } = sending;
  const content = await withFile(workspace, sending);
  const where =
    redacts === undefined
      ? path`/rooms/${roomId}/send/${type}/${txnId}`
      : path`/rooms/${roomId}/redact/${redacts}/${txnId}`;
  const { event_id: id } = await homeserver.call<{ event_id: string }>('PUT', where, { as, body: content });
  if (keepSent(workspace, txnId, id)) return;
  // What it did is done in the database as if it had been pushed; the push, before or after, changes nothing more.
  const event = { event_id: id, room_id: roomId, type, sender: as, origin_server_ts: Date.now(), content };
  foldEvent(workspace, { ...event, ...(redacts === undefined ? {} : { redacts }) });
}

/** Uploads the file of a message that has one, once. */
async function withFile(workspace: Workspace, { txnId: id, as, content }: Sending): Promise<Content> {
  const { database, homeserver } = workspace;
  const sql = 'SELECT url, name, type FROM files WHERE message_id = ?';
  const file = database.get<{ url: string | null; name: string; type: string }>(sql, id);
  if (file === undefined) return content;
  let url = file.url;
  if (url === null) {
    const bytes = readFileSync(filePath(workspace, id));
    const options = { as, bytes, type: file.type, query: { filename: file.name } };
    url = (await homeserver.call<{ content_uri: string }>('POST', '/_matrix/media/v3/upload', options)).content_uri;
    database.run('UPDATE files SET url = ? WHERE message_id = ?', url, id);
  }
  const info = { mimetype: file.type, ...asObject(content['info']) };
  return { ...content, url, info };
}
