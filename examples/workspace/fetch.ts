import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

import { foldEvent } from './fold.ts';
import { path } from './homeserver.ts';
import { wordsOf } from './jobs.ts';
import { readState } from './rooms.ts';
import { filePath } from './send.ts';
import type { MatrixEvent, Workspace } from './workspace.ts';

const HISTORY_PAGES = 10;

interface Page {
  readonly chunk: readonly MatrixEvent[];
  readonly end?: string;
}

/** Defines what is fetched in the background: files of others, and what was said before we came. */
export function defineFetching(workspace: Workspace): void {
  const { database, jobs } = workspace;
  jobs.define<{ id: string }>('fetch-file', {
    run: ({ id }) => fetchFile(workspace, id),
    failed: ({ id }, error) => {
      database.run('UPDATE files SET error = ? WHERE message_id = ?', wordsOf(error), id);
    },
    // Not there yet is not gone: one early answer must not lose a file.
    isHopeless: () => false,
  });
  jobs.define<{ id: string }>('drop-file', {
    run: async ({ id }) => rmSync(filePath(workspace, id), { force: true }),
  });
  jobs.define<{ roomId: string; as: string }>('history', { run: (room) => readHistory(workspace, room) });
}

async function fetchFile(workspace: Workspace, id: string): Promise<void> {
  const { database, homeserver } = workspace;
  const find = () => database.get<{ url: string }>('SELECT url FROM files WHERE message_id = ?', id);
  const file = find();
  const got = file === undefined ? undefined : await homeserver.download(file.url);
  if (got === undefined || find() === undefined) return; // its message was deleted
  const { bytes, type } = got;
  keepFile(workspace, id, bytes);
  const sql = `UPDATE files SET state = 'there', type = ?, size = ?, error = NULL WHERE message_id = ?`;
  database.run(sql, type, bytes.length, id);
}

export function keepFile(workspace: Workspace, id: string, bytes: Uint8Array): void {
  const to = filePath(workspace, id);
  mkdirSync(dirname(to), { recursive: true });
  writeFileSync(`${to}.part`, bytes);
  renameSync(`${to}.part`, to);
}

/** Reads what a room is and what was said there: it is not pushed. Some of it may have been pushed meanwhile. */
async function readHistory(workspace: Workspace, { roomId, as }: { roomId: string; as: string }): Promise<void> {
  const { database, homeserver } = workspace;
  await readState(workspace, roomId, as);
  const pages: (readonly MatrixEvent[])[] = [];
  let from: string | undefined;
  do {
    const query = { dir: 'b', limit: '100', ...(from === undefined ? {} : { from }) };
    const page = await homeserver.call<Page>('GET', path`/rooms/${roomId}/messages`, { as, query });
    pages.push(page.chunk);
    from = page.end;
  } while (from !== undefined && pages.length < HISTORY_PAGES);
  database.transaction(() => {
    for (const event of pages.flat().reverse()) foldEvent(workspace, { ...event, room_id: roomId }, false);
  });
}
