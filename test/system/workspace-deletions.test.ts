// What the example workspace shows of what was deleted (examples/workspace/fold.ts)
import { afterEach, beforeEach, expect, test } from 'vitest';

import { Database } from '../../examples/workspace/database.ts';
import { foldEvent } from '../../examples/workspace/fold.ts';
import { Jobs } from '../../examples/workspace/jobs.ts';
import { findMessage, showMessage } from '../../examples/workspace/messages.ts';
import type { MatrixEvent, Workspace } from '../../examples/workspace/workspace.ts';

let database: Database;
let workspace: Workspace;
beforeEach(() => {
  database = new Database(':memory:');
  const config = { id: 'workspace', domain: 'ours.test' };
  workspace = { config, database, jobs: new Jobs(database) } as Partial<Workspace> as Workspace;
});
afterEach(() => database.close());

function event(id: string, type: string, content: object, more: Partial<MatrixEvent> = {}): MatrixEvent {
  const usual = { room_id: '!room:theirs.test', sender: '@bob:theirs.test', origin_server_ts: 1 };
  return { event_id: id, type, content: content as MatrixEvent['content'], ...usual, ...more };
}

const said = event('$said', 'm.room.message', { msgtype: 'm.text', body: 'cake' });
const edited = event('$edited', 'm.room.message', {
  'm.new_content': { msgtype: 'm.text', body: 'pie' },
  'm.relates_to': { rel_type: 'm.replace', event_id: '$said' },
});
const relation = { rel_type: 'm.annotation', event_id: '$said', key: '👍' };
const reacted = event('$reacted', 'm.reaction', { 'm.relates_to': relation });
const deletionOf = ({ event_id: id }: MatrixEvent) => event(`${id}-deleted`, 'm.room.redaction', {}, { redacts: id });

function shown(): object {
  const row = findMessage(workspace, '$said');
  if (row === undefined) throw new Error('the message is not there');
  return showMessage(workspace, row);
}

test('history that is older than a deletion brings back neither a reaction nor an edit', () => {
  for (const deleted of [reacted, edited]) foldEvent(workspace, deletionOf(deleted));
  for (const read of [said, edited, reacted]) foldEvent(workspace, read, false);
  expect(shown()).toMatchObject({ text: 'cake', is_edited: false, reactions: {} });
});

test('an edit that comes after the deletion of its message shows nothing', () => {
  for (const one of [said, deletionOf(said), edited]) foldEvent(workspace, one);
  expect(shown()).toMatchObject({ text: '', is_edited: false, is_deleted: true });
});

test('what was not deleted is shown: an edit and a reaction', () => {
  for (const one of [said, edited, reacted]) foldEvent(workspace, one);
  expect(shown()).toMatchObject({ text: 'pie', is_edited: true, reactions: { '👍': ['@bob:theirs.test'] } });
});
