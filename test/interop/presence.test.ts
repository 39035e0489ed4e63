import { describe, expect, test } from 'vitest';

import { eyrieAdministrator } from '../support/node/eyrie-homeserver.ts';
import type { MatrixClient } from '../support/node/matrix-client.ts';
import { until } from '../support/node/until.ts';
import type { FollowingClient } from './support/following-client.ts';
import { directions, usePair } from './support/pair.ts';
import { shareRoom } from './support/shared-room.ts';

const pair = usePair();
let admin: MatrixClient | undefined;

const pathOf = ({ userId }: FollowingClient): string => `/presence/${encodeURIComponent(userId)}/status`;
const say = (client: FollowingClient, presence: string, message: string) =>
  client.request('PUT', pathOf(client), { presence, status_msg: message });
const sees = (reader: FollowingClient, { userId }: FollowingClient, message: string) =>
  reader.sees(`that ${userId} is ${message}`, () => reader.presenceOf(userId)?.['status_msg'] === message);

describe.each(directions())('$title', (direction) => {
  test('what one says of oneself is seen by who shares a room, over and over, and is asked for', async () => {
    const { alice, bob } = await shareRoom(pair, direction);
    for (const [writer, reader] of [
      [alice, bob],
      [bob, alice],
    ] as const) {
      await say(writer, 'online', 'here');
      await sees(reader, writer, 'here');
      expect(reader.presenceOf(writer.userId)).toMatchObject({ presence: 'online' });
      await say(writer, 'unavailable', 'at lunch');
      await sees(reader, writer, 'at lunch');
      expect(reader.presenceOf(writer.userId)).toMatchObject({ presence: 'unavailable' });
      expect(await reader.request('GET', pathOf(writer))).toMatchObject({
        presence: 'unavailable',
        status_msg: 'at lunch',
      });
    }
    for (const [writer, reader] of [
      [bob, alice],
      [alice, bob],
    ] as const) {
      // An Eyrie keeps nothing for who is not there.
      await reader.catchUp();
      await say(writer, 'offline', 'gone');
      await sees(reader, writer, 'gone');
      expect(reader.presenceOf(writer.userId)).toMatchObject({ presence: 'offline' });
    }
  });

  test('who shares no room is told nothing', async () => {
    const { alice, bob } = await shareRoom(pair, direction);
    const stranger = await pair.user(direction.joiner, 'stranger');
    await say(alice, 'online', 'among friends');
    await sees(bob, alice, 'among friends');
    await stranger.catchUp();
    expect(stranger.presenceOf(alice.userId)).toBeUndefined();
    const asked = await stranger.tryRequest('GET', pathOf(alice));
    // An Eyrie does not know about whom nobody was told.
    expect(asked.status).toBe(pair.software[direction.joiner] === 'eyrie' ? 404 : 403);
  });

  test('presence that is switched off at an Eyrie goes neither in nor out', async () => {
    const { alice, bob } = await shareRoom(pair, direction);
    const [ours, theirs] = pair.software[direction.host] === 'eyrie' ? [alice, bob] : [bob, alice];
    const side = pair.software[direction.host] === 'eyrie' ? direction.host : direction.joiner;
    await say(ours, 'online', 'before');
    await sees(theirs, ours, 'before');
    await say(theirs, 'online', 'before');
    await sees(ours, theirs, 'before');
    admin ??= await eyrieAdministrator(pair.server(side));
    const turn = (isOn: boolean) =>
      admin?.request('PUT', '/_eyrie/admin/v1/settings', { settings: { 'edu.presence': isOn } });
    await turn(false);
    await say(ours, 'unavailable', 'unheard');
    await say(theirs, 'unavailable', 'unheard');
    await turn(true);
    await until('presence to be told again', async () => {
      await say(ours, 'online', 'after');
      await theirs.catchUp();
      return theirs.presenceOf(ours.userId)?.['status_msg'] === 'after';
    });
    await say(theirs, 'online', 'after');
    await sees(ours, theirs, 'after');
  });
});
