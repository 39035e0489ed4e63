import { expect, test } from 'vitest';

import { aLoggedInUser, ask, type TestUser } from '../../../support/worker/ask.ts';

const v3 = '/_matrix/client/v3';
const versions = ['1', '3', '11', '12'];

/** A public room of alice, in which bob is too, with a message of hers. */
async function aMessage(roomVersion: string) {
  const [alice, bob] = [await aLoggedInUser('alice'), await aLoggedInUser('bob')];
  const body = { preset: 'public_chat', room_version: roomVersion };
  const created = await ask('POST', `${v3}/createRoom`, { token: alice.token, body });
  const path = `${v3}/rooms/${encodeURIComponent(String(created.body['room_id']))}`;
  await ask('POST', `${path}/join`, { token: bob.token, body: {} });
  const say = async (user: TestUser) => {
    const sent = await ask('PUT', `${path}/send/m.room.message/${crypto.randomUUID()}`, {
      token: user.token,
      body: { body: 'mine' },
    });
    return String(sent.body['event_id']);
  };
  const contentOf = async (eventId: string) =>
    (await ask('GET', `${path}/event/${encodeURIComponent(eventId)}`, { token: alice.token })).body['content'];
  return { alice, bob, path, say, contentOf };
}

test.each(versions)('somebody else’s event stays where the redact level lacks, in version %s', async (version) => {
  const { alice, bob, path, say, contentOf } = await aMessage(version);
  const eventId = await say(alice);
  const redacted = await ask('PUT', `${path}/redact/${encodeURIComponent(eventId)}/2`, { token: bob.token, body: {} });
  expect(redacted).toMatchObject({ status: 403, body: { errcode: 'M_FORBIDDEN' } });
  const sent = await ask('PUT', `${path}/send/m.room.redaction/3`, { token: bob.token, body: { redacts: eventId } });
  expect(sent).toMatchObject({ status: 403, body: { errcode: 'M_FORBIDDEN' } });
  expect(await contentOf(eventId)).toEqual({ body: 'mine' });
});

test.each(versions)('one’s own event, and with the level anybody’s, can be redacted in version %s', async (version) => {
  const { alice, bob, path, say, contentOf } = await aMessage(version);
  for (const redactor of [bob, alice]) {
    const eventId = await say(bob);
    const target = `${path}/redact/${encodeURIComponent(eventId)}/2`;
    expect(await ask('PUT', target, { token: redactor.token, body: {} })).toMatchObject({ status: 200 });
    expect(await contentOf(eventId)).toEqual({});
  }
});

test('an unknown event cannot be redacted without the level', async () => {
  const { bob, path } = await aMessage('11');
  const redacted = await ask('PUT', `${path}/redact/%24nothing/2`, { token: bob.token, body: {} });
  expect(redacted).toMatchObject({ status: 404, body: { errcode: 'M_NOT_FOUND' } });
});
