import { expect, test } from 'vitest';

import type { RoomEntry } from '../../../../../src/federation/operations/get-space-hierarchy.ts';
import type { RoomLimits } from '../../../../../src/rooms/room-limits.ts';
import { aRoomsApp } from '../../../../support/worker/a-rooms-app.ts';

const elsewhere = '/join/!big:them.test';

/** A limit of ten members, and a server that tells this size of the room, or nothing. */
function joining(size: Partial<RoomEntry> | undefined, roomLimits: Partial<RoomLimits> = { maxPublicMembers: 10 }) {
  const unreachable = { ok: false, reason: { kind: 'unreachable', error: 'no' } };
  return aRoomsApp({
    roomLimits,
    remote: {
      roomEntry: () =>
        size === undefined
          ? unreachable
          : { ok: true, value: { isPublic: true, joinedMembers: 1, isEncrypted: false, ...size } },
      makeJoin: () => ({ ok: false, reason: { kind: 'refused', status: 403, errcode: 'M_FORBIDDEN', error: 'asked' } }),
    } as never,
  });
}

test('a public room of others that is too large is refused before anything of the join is sent', async () => {
  const { request, asked } = joining({ isPublic: true, joinedMembers: 11 });
  const answer = await request('POST', elsewhere, {});
  expect(answer).toMatchObject({ status: 403, json: { errcode: 'M_RESOURCE_LIMIT_EXCEEDED' } });
  expect(answer.json['error']).toContain('11 members');
  expect(asked('remote.makeJoin')).toEqual([]);
  expect(asked('room.startJoin')).toEqual([]);
});

test.each([
  ['as large as the limit', { joinedMembers: 10 }, { maxPublicMembers: 10 }],
  ['that is not public', { isPublic: false, joinedMembers: 11 }, { maxPublicMembers: 10, nonPrivate: false }],
  ['of any size where there is no limit', { joinedMembers: 11 }, {}],
  ['that is encrypted', { isEncrypted: true }, {}],
  ['that is not encrypted', {}, { encrypted: false }],
])('a room %s is joined', async (_what, size, limits) => {
  const { request, asked } = joining(size, limits);
  expect((await request('POST', elsewhere, {})).json['error']).toBe('asked');
  expect(asked('remote.makeJoin')).toHaveLength(1);
});

test.each([
  ['encrypted', { isPublic: false, isEncrypted: true }, { encrypted: false }, 'no encrypted rooms'],
  ['public', { isPublic: true }, { nonPrivate: false }, 'no public rooms'],
])('a room that is %s is not joined where the settings say so', async (_what, size, limits, why) => {
  const { request, asked } = joining(size, limits);
  const answer = await request('POST', elsewhere, {});
  expect(answer).toMatchObject({ status: 403, json: { errcode: 'M_FORBIDDEN' } });
  expect(answer.json['error']).toContain(why);
  expect(asked('remote.makeJoin')).toEqual([]);
});

test.each([
  ['kind', { encrypted: false }],
  ['size', { maxPublicMembers: 10 }],
])('a room whose %s no server tells is asked for: the state that it is joined with tells', async (_what, limits) => {
  const { request, asked } = joining(undefined, limits);
  expect((await request('POST', elsewhere, {})).json['error']).toBe('asked');
  expect(asked('remote.makeJoin')).toHaveLength(1);
});
