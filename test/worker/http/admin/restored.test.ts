import { env } from 'cloudflare:workers';
import { expect, test } from 'vitest';

import type { Env } from '../../../../src/config.ts';
import { aLoggedInUser, anAdministrator, ask } from '../../../support/worker/ask.ts';
import { aClient } from '../../../support/worker/client.ts';

const { DB } = env as unknown as Env;
const restored = ({ token }: { readonly token: string }) => ask('POST', '/_eyrie/admin/v1/restored', { token });

test('after a restore a token of before is answered by a full sync at once, and the new one goes on', async () => {
  const [alice, admin] = [await aClient('alice'), await anAdministrator()];
  const roomId = await alice.create({ name: 'Nest' });
  const before = await alice.syncUntil(({ rooms }) => rooms?.join?.[roomId] !== undefined);
  const since = before.next_batch;
  expect((await alice.sync({ since })).rooms?.join?.[roomId]).toBeUndefined();
  const { status, body } = await restored(admin);
  expect({ status, body }).toEqual({ status: 200, body: { epoch: expect.stringMatching(/^[0-9a-z]+$/) } });
  const full = await alice.sync({ since, timeout: '30000' });
  const room = full.rooms?.join?.[roomId];
  const shown = [...(room?.state.events ?? []), ...(room?.timeline.events ?? [])].map(({ type }) => type);
  expect(shown).toEqual(expect.arrayContaining(['m.room.create', 'm.room.name', 'm.room.member']));
  expect(full.next_batch).toMatch(new RegExp(`^s${String(body['epoch'])}_`));
  expect((await alice.sync({ since: full.next_batch })).rooms?.join?.[roomId]).toBeUndefined();
});

test('a restore is in the audit log, and each has an epoch of its own', async () => {
  const admin = await anAdministrator();
  const first = (await restored(admin)).body['epoch'];
  const second = (await restored(admin)).body['epoch'];
  const log = await DB.prepare('select detail from audit_log where user_id = ?').bind(admin.userId).all<{
    detail: string;
  }>();
  expect(log.results.map(({ detail }) => JSON.parse(detail) as unknown)).toMatchObject([
    { epoch: { to: first } },
    { epoch: { from: first, to: second } },
  ]);
  expect(second).not.toBe(first);
});

test('one-time keys of before a restore are given to nobody, and fallback keys stay', async () => {
  const [alice, bob, admin] = [await aClient('alice'), await aClient('bob'), await anAdministrator()];
  const key = (name: string) => ({ key: name, signatures: {} });
  await alice.ask('POST', '/keys/upload', {
    one_time_keys: { 'signed_curve25519:A': key('once') },
    fallback_keys: { 'signed_curve25519:F': { ...key('last'), fallback: true } },
  });
  await restored(admin);
  const { body } = await bob.ask('POST', '/keys/claim', {
    one_time_keys: { [alice.userId]: { [alice.deviceId]: 'signed_curve25519' } },
  });
  expect(body['one_time_keys']).toEqual({
    [alice.userId]: { [alice.deviceId]: { 'signed_curve25519:F': { ...key('last'), fallback: true } } },
  });
});

test('only administrators say that something was restored', async () => {
  expect(await restored(await aLoggedInUser())).toMatchObject({ status: 403 });
});
