import { afterEach, beforeEach, expect, test, vi } from 'vitest';

import { createKeyRings } from '../../../../src/federation/key-ring.ts';
import { createPduChecker } from '../../../../src/federation/receive/pdu-checker.ts';
import { readServerKeys } from '../../../../src/federation/server-keys.ts';
import { encodeBase64 } from '../../../../src/matrix/crypto/base64.ts';
import { signingKeyFromSeed, verifyKeyFromBase64, type SigningKey } from '../../../../src/matrix/crypto/ed25519.ts';
import { verifyJson } from '../../../../src/matrix/crypto/signed-json.ts';
import type { ServerName } from '../../../../src/matrix/ids/brands.ts';
import type { JsonObject } from '../../../../src/matrix/json/json-value.ts';
import { allow } from '../../../../src/matrix/result.ts';
import { aServer } from '../../../support/core/test-keys.ts';
import { aSignedPdu, roomRules } from '../../../support/worker/a-remote-room.ts';
import { aSharedRoom, rooms, type SharedRoom } from '../../../support/worker/a-shared-room.ts';
import { aLoggedInUser, anAdministrator, ask } from '../../../support/worker/ask.ts';
import { eventually } from '../../../support/worker/eventually.ts';

const SETTINGS = '/_eyrie/admin/v1/settings';
const SERVER = 'eyrie.test' as ServerName;

interface Signing {
  readonly step: string;
  readonly key_id: string;
  readonly public_key: string;
  readonly signs_from_ts: number;
  readonly previous?: { readonly key_id: string; readonly expired_ts: number };
}

interface Told {
  readonly verify_keys: Record<string, { key: string }>;
  readonly old_verify_keys: Record<string, { key: string; expired_ts: number }>;
}

const keysTold = async () => (await ask('GET', '/_matrix/key/v2/server')).body as unknown as Told & JsonObject;
const signing = async (token: string) => (await ask('GET', SETTINGS, { token })).body['signing'] as Signing;
const put = (token: string, settings: object) => ask('PUT', SETTINGS, { token, body: { settings } });

/** Passes the time of a rotation's next step. */
function pass(ms: number): void {
  const now = Date.now() + ms;
  if (!vi.isFakeTimers()) vi.useFakeTimers({ toFake: ['Date'], now });
  vi.setSystemTime(now);
}

/** By which keys of ours a new event is signed, as another server gets it. */
async function signedWith(room: SharedRoom): Promise<readonly string[]> {
  const body = crypto.randomUUID();
  const got: JsonObject[] = [];
  vi.spyOn(globalThis, 'fetch').mockImplementation(async (_url, init) => {
    const { pdus = [] } = JSON.parse((init?.body as string | undefined) ?? '{}') as { pdus?: JsonObject[] };
    got.push(...pdus.filter(({ content }) => (content as JsonObject)['body'] === body));
    return Response.json({ pdus: {} });
  });
  const draft = { type: 'm.room.message', sender: room.alice, content: { body, msgtype: 'm.text' } };
  await rooms.send({ roomId: room.roomId, draft });
  await eventually(() => expect(got).toHaveLength(1));
  const signatures = got[0]?.['signatures'] as Record<string, JsonObject>;
  return Object.keys(signatures[SERVER] ?? {});
}

// A rotation of the test before is over. Time only goes forward: the database remembers.
beforeEach(() => pass(60_000));

afterEach(() => {
  vi.restoreAllMocks();
});

test('a rotation publishes the new key, then signs with it, then lists the old one', async () => {
  const { token } = await anAdministrator();
  const { key_id: before } = await signing(token);
  const rotated = await ask('POST', '/_eyrie/admin/v1/signing-key/rotate', { token });
  const { key_id: fresh, ...rest } = rotated.body['signing'] as Signing;
  expect(rest).toMatchObject({ step: 'published', previous: { key_id: before } });
  expect(fresh).not.toBe(before);

  const published = await keysTold();
  expect(Object.keys(published.verify_keys).sort()).toEqual([before, fresh].sort());
  expect(Object.keys(published.old_verify_keys)).toEqual([]);

  pass(11_000);
  expect(await signing(token)).toMatchObject({ step: 'signing', key_id: fresh });
  expect(Object.keys((await keysTold()).verify_keys).sort()).toEqual([before, fresh].sort());

  pass(11_000);
  const state = await signing(token);
  expect(state).toMatchObject({ step: 'done', key_id: fresh });
  const done = await keysTold();
  expect(Object.keys(done.verify_keys)).toEqual([fresh]);
  expect(done.old_verify_keys[before]).toEqual({
    key: published.verify_keys[before]?.key,
    expired_ts: state.previous?.expired_ts,
  });
  expect(readServerKeys(done, SERVER, Date.now()).ok).toBe(true);
});

test('the key of another server is brought along, and is told to nobody', async () => {
  const { token } = await anAdministrator();
  const seed = crypto.getRandomValues(new Uint8Array(32));
  const own = signingKeyFromSeed('ed25519:a_Brought', seed);
  const answer = await put(token, { 'signing.version': 'a_Brought', 'signing.key': encodeBase64(seed) });
  expect(answer).toMatchObject({
    status: 200,
    body: {
      changed: ['signing.version', 'signing.key'],
      signing: { step: 'published', key_id: own.keyId, public_key: own.publicKey },
    },
  });
  const told = await keysTold();
  const key = verifyKeyFromBase64(own.publicKey);
  expect(key !== undefined && verifyJson(told, SERVER, own.keyId, key)).toBe(true);
  const { body } = await ask('GET', SETTINGS, { token });
  expect(body['settings']).toMatchObject({
    'signing.algorithm': { value: 'ed25519' },
    'signing.version': { value: 'a_Brought' },
    'signing.key': { set: true, public_key: own.publicKey, type: 'secret' },
  });
  const log = await ask('GET', '/_eyrie/admin/v1/audit-log?action=settings', { token });
  for (const shown of [body, answer.body, log.body]) expect(JSON.stringify(shown)).not.toContain(encodeBase64(seed));
  pass(30_000);
  // The same again changes nothing.
  const again = await put(token, { 'signing.version': 'a_Brought', 'signing.key': encodeBase64(seed) });
  expect(again).toMatchObject({ status: 200, body: { changed: [], signing: { step: 'done', key_id: own.keyId } } });
});

const LISTED = '/_eyrie/admin/v1/signing-key/old';

/** A key that a server of our name had elsewhere, and what lists it. */
function aKeyFromBefore(version: string, expiredTs: number) {
  const key = signingKeyFromSeed(`ed25519:${version}`, crypto.getRandomValues(new Uint8Array(32)));
  return { key, body: { key_id: key.keyId, public_key: key.publicKey, expired_ts: expiredTs } };
}

/** What another server makes of an event by what we tell of our keys now. */
async function isVerifiedElsewhere(signingKey: SigningKey, originServerTs: number): Promise<boolean> {
  const told = await keysTold();
  const { ofEvents: keys } = createKeyRings({
    serverName: 'elsewhere.test' as ServerName,
    ownKey: async () => undefined,
    isRegistered: async () => false,
    askOwner: async () => 'unavailable',
    fetchKeys: async () => allow(told),
    askNotaries: async () => [],
    now: Date.now,
  });
  const checker = createPduChecker({ keys, late: () => new Promise(() => undefined) });
  const pdu = aSignedPdu({ ...aServer(SERVER), signingKey }, [], { originServerTs });
  return (await checker.check(roomRules, [pdu.json])).length === 1;
}

test('a key of before is listed as old at once, and other servers verify by it what it signed until it ended', async () => {
  const { token, userId } = await anAdministrator();
  const ended = Date.now() - 3_600_000;
  const { key, body } = aKeyFromBefore('moved', ended);
  expect(await isVerifiedElsewhere(key, ended - 1_000)).toBe(false);
  const before = await signing(token);
  const listed = await ask('POST', LISTED, { token, body });
  expect(listed).toMatchObject({ status: 200, body: { changed: true } });
  const told = await keysTold();
  expect(told.old_verify_keys[key.keyId]).toEqual({ key: key.publicKey, expired_ts: ended });
  expect(Object.keys(told.verify_keys)).not.toContain(key.keyId);
  expect(await isVerifiedElsewhere(key, ended - 1_000)).toBe(true);
  expect(await isVerifiedElsewhere(key, ended + 1_000)).toBe(false);
  // Nothing is signed with it, and no rotation is told of.
  expect(await signing(token)).toEqual(before);
  const log = await ask('GET', `/_eyrie/admin/v1/audit-log?user_id=${encodeURIComponent(userId)}`, { token });
  expect(log.body['entries']).toMatchObject([
    { detail: { old_verify_keys: { listed: key.keyId, expired_ts: ended } } },
  ]);
  const { revision } = listed.body;
  expect((await ask('POST', LISTED, { token, body })).body).toEqual({ revision, changed: false });
  const corrected = { ...body, expired_ts: ended - 60_000 };
  expect((await ask('POST', LISTED, { token, body: corrected })).body).toMatchObject({ changed: true });
  expect((await keysTold()).old_verify_keys[key.keyId]?.expired_ts).toBe(ended - 60_000);
  // A rotation beside it goes its way.
  await ask('POST', '/_eyrie/admin/v1/signing-key/rotate', { token });
  pass(30_000);
  expect(await signing(token)).toMatchObject({ step: 'done', previous: { key_id: before.key_id } });
  expect((await keysTold()).old_verify_keys).toMatchObject({ [key.keyId]: {}, [before.key_id]: {} });
});

test.each([
  ['another algorithm', { key_id: 'rsa:1' }, 'key_id', 'bad-key-id'],
  ['no version', { key_id: 'ed25519:' }, 'key_id', 'bad-key-id'],
  ['a key that is none', { public_key: 'c2hvcnQ' }, 'public_key', 'bad-key'],
  ['a point of small order', { public_key: 'A'.repeat(43) }, 'public_key', 'bad-key'],
  ['an end that lies ahead', { expired_ts: Date.now() + 86_400_000_000 }, 'expired_ts', 'bad-expired-ts'],
  ['no end', { expired_ts: 0 }, 'expired_ts', 'bad-expired-ts'],
])('an old key with %s is refused with a sentence', async (_what, change, key, code) => {
  const { token } = await anAdministrator();
  const { body } = aKeyFromBefore('wrong', Date.now() - 1_000);
  const answer = await ask('POST', LISTED, { token, body: { ...body, ...change } });
  expect(answer).toMatchObject({ status: 400, body: { errcode: 'EYRIE_INVALID_SETTING', errors: [{ key, code }] } });
  expect((answer.body['errors'] as { message: string }[])[0]?.message).toMatch(/^[A-Z].+\.$/);
  expect((await keysTold()).old_verify_keys).not.toHaveProperty('ed25519:wrong');
});

test('the ID of a key of ours, or of another listed one, is refused, and a listed one never signs', async () => {
  const { token } = await anAdministrator();
  const { key_id: ours } = await signing(token);
  const { body } = aKeyFromBefore('listed_once', Date.now() - 1_000);
  expect(await ask('POST', LISTED, { token, body })).toMatchObject({ status: 200 });
  const { body: other } = aKeyFromBefore('listed_once', Date.now() - 1_000);
  const reused = { status: 400, body: { errors: [{ key: 'key_id', code: 'key-id-reused' }] } };
  expect(await ask('POST', LISTED, { token, body: other })).toMatchObject(reused);
  expect(await ask('POST', LISTED, { token, body: { ...body, key_id: ours } })).toMatchObject(reused);
  expect(await put(token, { 'signing.version': 'listed_once' })).toMatchObject({
    status: 400,
    body: { errors: [{ key: 'signing.version', code: 'key-id-reused' }] },
  });
  const { token: user } = await aLoggedInUser();
  expect((await ask('POST', LISTED, { token: user, body })).status).toBe(403);
});

test('events are signed with the old key until the new one signs', async () => {
  const { token } = await anAdministrator();
  const { key_id: before } = await signing(token);
  await put(token, { 'signing.version': 'for_events' });
  const room = await aSharedRoom(aServer('peer.example:443'));
  expect(await signedWith(room)).toEqual([before]);
  pass(11_000);
  expect(await signedWith(room)).toEqual(['ed25519:for_events']);
});

test('a second rotation waits for the first', async () => {
  const { token } = await anAdministrator();
  await put(token, { 'signing.version': 'first_of_two' });
  const second = await put(token, { 'signing.version': 'second_of_two' });
  expect(second).toMatchObject({
    status: 409,
    body: { errcode: 'EYRIE_CONFLICT', reason: 'rotation-under-way', signing: { step: 'published' } },
  });
  pass(30_000);
  expect((await put(token, { 'signing.version': 'second_of_two' })).status).toBe(200);
});

test.each([
  ['a key that is too short', { 'signing.key': 'c2hvcnQ' }, 'signing.key', 'bad-key'],
  ['a key that is no Base64', { 'signing.key': '!'.repeat(43) }, 'signing.key', 'bad-key'],
  ['a version with a dash', { 'signing.version': 'a-b' }, 'signing.version', 'bad-version'],
  ['a version that is too long', { 'signing.version': 'a'.repeat(65) }, 'signing.version', 'bad-version'],
  ['another algorithm', { 'signing.algorithm': 'rsa' }, 'signing.algorithm', 'bad-algorithm'],
])('%s is refused with a sentence, and the key stays', async (_name, settings, key, code) => {
  const { token } = await anAdministrator();
  const before = await signing(token);
  const answer = await put(token, { ...settings, 'edu.typing': false });
  expect(answer).toMatchObject({ status: 400, body: { errcode: 'EYRIE_INVALID_SETTING', errors: [{ key, code }] } });
  const [fault] = answer.body['errors'] as { message: string }[];
  expect(fault?.message).toMatch(/^[A-Z].+\.$/);
  expect(await signing(token)).toEqual(before);
});

test('the ID of a key that was used is never given to another', async () => {
  const { token } = await anAdministrator();
  await put(token, { 'signing.version': 'used_once' });
  pass(30_000);
  await put(token, { 'signing.version': 'after_it' });
  pass(30_000);
  for (const version of ['used_once', 'after_it']) {
    const seed = encodeBase64(crypto.getRandomValues(new Uint8Array(32)));
    const answer = await put(token, { 'signing.version': version, 'signing.key': seed });
    expect(answer).toMatchObject({
      status: 400,
      body: { errors: [{ key: 'signing.version', code: 'key-id-reused' }] },
    });
  }
});

test('a dry run makes no key', async () => {
  const { token } = await anAdministrator();
  const before = await keysTold();
  const body = { settings: { 'signing.version': 'never_made' }, dry_run: true };
  expect(await ask('PUT', SETTINGS, { token, body })).toMatchObject({
    status: 200,
    body: { changed: ['signing.version', 'signing.key'], signing: { step: 'done' } },
  });
  expect((await keysTold()).verify_keys).toEqual(before.verify_keys);
});

test('only administrators rotate', async () => {
  const { token } = await aLoggedInUser();
  expect((await ask('POST', '/_eyrie/admin/v1/signing-key/rotate', { token })).status).toBe(403);
});

test('the server name is shown, and another is refused', async () => {
  const { token } = await anAdministrator();
  const { body } = await ask('GET', SETTINGS, { token });
  expect(body['settings']).toMatchObject({ 'federation.domain': { value: SERVER, fixed: true } });
  expect(await put(token, { 'federation.domain': SERVER })).toMatchObject({ status: 200, body: { changed: [] } });
  expect(await put(token, { 'federation.domain': 'other.test' })).toMatchObject({
    status: 409,
    body: { errcode: 'EYRIE_CONFLICT', reason: 'domain-locked' },
  });
});
