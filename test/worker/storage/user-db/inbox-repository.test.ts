import { runInDurableObject } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { expect, test } from 'vitest';

import { userMigrations } from '../../../../migrations/user.ts';
import type { Env } from '../../../../src/config.ts';
import type { UserId } from '../../../../src/matrix/ids/brands.ts';
import { applyMigrations } from '../../../../src/storage/apply-migrations.ts';
import { InboxRepository } from '../../../../src/storage/user-db/inbox-repository.ts';

const [alice, bob] = ['@alice:eyrie.test' as UserId, '@bob:eyrie.test' as UserId];
const [phone, laptop] = [
  { userId: bob, deviceId: 'PHONE' },
  { userId: bob, deviceId: 'LAPTOP' },
];

let objects = 0;

/** Runs `work` with the inboxes of a shard, in one transaction. */
async function withInboxes(work: (inbox: InboxRepository, sql: SqlStorage) => void): Promise<void> {
  objects += 1;
  const stub = (env as unknown as Env).USER.getByName(`inbox-${objects}`);
  await runInDurableObject(stub, (_instance, { storage }) => {
    storage.transactionSync(() => {
      applyMigrations(storage.sql, userMigrations);
      work(new InboxRepository(storage.sql), storage.sql);
    });
  });
}

const message = (seq: number, content = '{}') => ({ seq, sender: alice, type: 'm.test', content });
const seqs = (inbox: InboxRepository, after = 0, limit = 100) => inbox.after(phone, after, limit).map(({ seq }) => seq);

test('an inbox keeps its order and gives what it is asked for', () =>
  withInboxes((inbox) => {
    for (const seq of [3, 5, 8]) inbox.add(phone, message(seq, `{"n":${seq}}`));
    inbox.add(laptop, message(4));
    expect(inbox.after(phone, 3, 100)).toEqual([message(5, '{"n":5}'), message(8, '{"n":8}')]);
    expect(seqs(inbox, 0, 2)).toEqual([3, 5]);
    expect([inbox.hasAfter(phone, 7), inbox.hasAfter(phone, 8)]).toEqual([true, false]);
    expect([inbox.hasUpTo(phone, 2), inbox.hasUpTo(phone, 3)]).toEqual([false, true]);
    inbox.removeUpTo(phone, 5);
    expect(seqs(inbox)).toEqual([8]);
    inbox.removeInbox(phone);
    expect(seqs(inbox)).toEqual([]);
    expect(inbox.hasAfter(laptop, 0)).toBe(true);
  }));

test('of more than 10,000 messages the oldest go, also after some were received', () =>
  withInboxes((inbox) => {
    for (let seq = 1; seq <= 6_000; seq += 1) inbox.add(phone, message(seq));
    inbox.removeUpTo(phone, 5_000);
    for (let seq = 6_001; seq <= 15_002; seq += 1) inbox.add(phone, message(seq));
    expect(seqs(inbox, 0, 1)).toEqual([5_003]);
    expect(seqs(inbox, 15_001)).toEqual([15_002]);
  }));

test('of more than 20 megabytes the oldest go, and an answer has half of one', () =>
  withInboxes((inbox) => {
    const content = JSON.stringify({ long: 'x'.repeat(199_989) });
    for (let seq = 1; seq <= 103; seq += 1) inbox.add(phone, message(seq, content));
    expect(seqs(inbox)).toEqual([4, 5]);
    inbox.add(phone, message(104, JSON.stringify({ long: 'x'.repeat(1_000_000) })));
    expect(seqs(inbox, 103)).toEqual([104]);
  }));

test('deliveries are remembered for seven days, the last 100,000', () =>
  withInboxes((inbox, sql) => {
    const day = 86_400_000;
    expect(inbox.hasReceived(alice, 'one')).toBe(false);
    inbox.noteReceived(alice, 'one', 0);
    inbox.noteReceived(alice, 'two', 6 * day);
    expect([inbox.hasReceived(alice, 'one'), inbox.hasReceived(bob, 'one')]).toEqual([true, false]);
    inbox.noteReceived(alice, 'three', 8 * day);
    expect(['one', 'two', 'three'].map((id) => inbox.hasReceived(alice, id))).toEqual([false, true, true]);
    sql.exec(
      `insert into to_device_received (number, sender, message_id, ts) values (100002, ?, 'late', ?)`,
      bob,
      8 * day,
    );
    inbox.noteReceived(alice, 'last', 8 * day);
    expect(['two', 'three', 'last'].map((id) => inbox.hasReceived(alice, id))).toEqual([false, false, true]);
  }));
