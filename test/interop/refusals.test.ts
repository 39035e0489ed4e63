import { describe, expect, test } from 'vitest';

import { directions, usePair } from './support/pair.ts';
import { refusal } from './support/refusal.ts';
import { shareRoom } from './support/shared-room.ts';

const pair = usePair();

describe.each(directions())('$title', (direction) => {
  const { host, joiner } = direction;

  test('a join without an invite is refused', async () => {
    const alice = await pair.user(host, 'alice');
    const bob = await pair.user(joiner, 'bob');
    const roomId = await alice.createRoom({ preset: 'private_chat' });
    const join = bob.join(roomId, [pair.server(host).serverName]);
    expect(await refusal(join)).toEqual({ status: 403, errcode: 'M_FORBIDDEN' });
    expect(await alice.joinedMembers(roomId)).toEqual([alice.userId]);
  });

  test('a join of a banned user is refused', async () => {
    const { alice, bob, roomId } = await shareRoom(pair, direction, { preset: 'public_chat' });
    await alice.request('POST', `/rooms/${encodeURIComponent(roomId)}/ban`, { user_id: bob.userId });
    await bob.sees('that he was banned', () => bob.room(roomId).membership === 'leave');
    const join = bob.join(roomId, [pair.server(host).serverName]);
    expect(await refusal(join)).toEqual({ status: 403, errcode: 'M_FORBIDDEN' });
    expect(await alice.joinedMembers(roomId)).toEqual([alice.userId]);
  });

  test('a room that the other server does not know is not joined', async () => {
    const bob = await pair.user(joiner, 'bob');
    const { serverName } = pair.server(host);
    const { status, errcode } = await refusal(bob.join(`!nowhere:${serverName}`, [serverName]));
    // Synapse says 502 for what no server could do.
    expect([404, 502]).toContain(status);
    expect(errcode).toBeDefined();
  });

  test('an alias that the other server does not know is not found', async () => {
    const bob = await pair.user(joiner, 'bob');
    const alias = `#nothing:${pair.server(host).serverName}`;
    expect(await refusal(bob.join(alias))).toEqual({ status: 404, errcode: 'M_NOT_FOUND' });
  });

  test('a user without the power to do it cannot change the state of a room of the other server', async () => {
    const { bob, roomId } = await shareRoom(pair, direction, { name: 'unchanged' });
    const change = bob.sendState(roomId, 'm.room.name', { name: 'changed' });
    expect(await refusal(change)).toEqual({ status: 403, errcode: 'M_FORBIDDEN' });
  });

  test('an invite to a server that is not there fails with an error', async () => {
    const alice = await pair.user(host, 'alice');
    const roomId = await alice.createRoom({ preset: 'private_chat' });
    // Nothing listens on port 1 of loopback.
    const { status, errcode } = await refusal(alice.invite(roomId, '@nobody:localhost:1'));
    expect(status).toBeGreaterThanOrEqual(400);
    expect(errcode).toBeDefined();
  });
});

// Synapse takes such an invite, so that there is nothing to see where it is the invited server.
describe.each(directions().filter(({ joiner }) => pair.software[joiner] === 'eyrie'))('$title', ({ host, joiner }) => {
  test('an invite to a user who does not exist fails with an error', async () => {
    const alice = await pair.user(host, 'alice');
    const roomId = await alice.createRoom({ preset: 'private_chat' });
    const nobody = `@nobody:${pair.server(joiner).serverName}`;
    const { status, errcode } = await refusal(alice.invite(roomId, nobody));
    expect(status).toBeGreaterThanOrEqual(400);
    expect(errcode).toBeDefined();
    expect(await refusal(alice.state(roomId, 'm.room.member', nobody))).toEqual({
      status: 404,
      errcode: 'M_NOT_FOUND',
    });
  });
});
