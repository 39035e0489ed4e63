import { expect, test } from 'vitest';

import { aRoomsApp } from '../../../../support/worker/a-rooms-app.ts';

const elsewhere = '/join/!big:them.test';

/** A limit of ten members, and a server that tells this size of the room, or nothing. */
function joining(size: { isPublic: boolean; joinedMembers: number } | undefined, maxPublicMembers = 10) {
  const unreachable = { ok: false, reason: { kind: 'unreachable', error: 'no' } };
  return aRoomsApp({
    maxPublicMembers,
    remote: {
      roomSize: () => (size === undefined ? unreachable : { ok: true, value: size }),
      makeJoin: () => ({ ok: false, reason: { kind: 'refused', status: 403, errcode: 'M_FORBIDDEN', error: 'asked' } }),
    } as never,
  });
}

test('a public room of others that is too large is refused before anything of the join is sent', async () => {
  const { request, asked } = joining({ isPublic: true, joinedMembers: 11 });
  const answer = await request('POST', elsewhere, {});
  expect(answer).toMatchObject({ status: 403, json: { errcode: 'M_FORBIDDEN' } });
  expect(answer.json['error']).toContain('11 members');
  expect(asked('remote.makeJoin')).toEqual([]);
  expect(asked('room.startJoin')).toEqual([]);
});

test.each([
  ['as large as the limit', { isPublic: true, joinedMembers: 10 }, 10],
  ['that is not public', { isPublic: false, joinedMembers: 11 }, 10],
  ['of any size where there is no limit', { isPublic: true, joinedMembers: 11 }, 0],
])('a room %s is joined', async (_what, size, most) => {
  const { request, asked } = joining(size, most);
  expect((await request('POST', elsewhere, {})).json['error']).toBe('asked');
  expect(asked('remote.makeJoin')).toHaveLength(1);
});

test('a room whose size no server tells is not joined', async () => {
  const { request, asked } = joining(undefined);
  expect(await request('POST', elsewhere, {})).toMatchObject({ status: 502 });
  expect(asked('remote.makeJoin')).toEqual([]);
});
