import { expect, test } from 'vitest';

import { aClient, type Client } from '../../../../support/worker/client.ts';
import { everything, sliderOf } from '../../../../support/worker/sliding.ts';

const encrypted = [{ type: 'm.room.encryption', content: { algorithm: 'm.megolm.v1.aes-sha2' } }];

/** The rooms that a list with these filters shows, once the list of all has so many. */
async function shown(client: Client, filters: object, count: number): Promise<readonly string[]> {
  const slider = sliderOf(client);
  const all = everything().lists.all;
  const body = { lists: { all: { ...all, ranges: [] }, some: { ...all, filters } } };
  const { lists } = await slider.until(body, (answer) => answer.lists['all']?.count === count);
  const fresh = await sliderOf(client).next({ lists: { some: { ...all, filters } } });
  expect(lists['some']).toEqual({ count: Object.keys(fresh.rooms).length });
  return Object.keys(fresh.rooms).toSorted();
}

test('lists are filtered by what the rooms and the user say of them', async () => {
  const [alice, bob] = [await aClient(), await aClient()];
  const plain = await alice.create();
  const secret = await alice.create({ preset: 'private_chat', initial_state: encrypted });
  const space = await alice.create({ creation_content: { type: 'm.space' } });
  const invited = await bob.create({ invite: [alice.userId], initial_state: encrypted });
  await alice.inRoom('PUT', space, `state/m.space.child/${encodeURIComponent(secret)}`, { via: ['here'] });
  await alice.inRoom('PUT', space, `state/m.space.child/${encodeURIComponent(plain)}`, {});
  await alice.ask('PUT', `/user/${alice.userId}/account_data/m.direct`, { [bob.userId]: [secret] });
  await alice.ask('PUT', `/user/${alice.userId}/rooms/${encodeURIComponent(plain)}/tags/m.favourite`, {});
  const sorted = (...rooms: readonly string[]) => rooms.toSorted();
  const expected: readonly (readonly [object, readonly string[]])[] = [
    [{}, sorted(plain, secret, space, invited)],
    [{ is_dm: true }, [secret]],
    [{ is_dm: false }, sorted(plain, space, invited)],
    [{ is_encrypted: true }, sorted(secret, invited)],
    [{ is_encrypted: false, is_invite: false }, sorted(plain, space)],
    [{ is_invite: true }, [invited]],
    [{ is_invited: false }, sorted(plain, secret, space)],
    [{ room_types: ['m.space'] }, [space]],
    [{ room_types: [null, 'm.space'], not_room_types: ['m.space'] }, sorted(plain, secret, invited)],
    [{ not_room_types: [null] }, [space]],
    [{ spaces: [space, invited, '!unknown:here'] }, [secret]],
    [{ spaces: [] }, []],
    [{ tags: ['m.favourite', 'm.lowpriority'] }, [plain]],
    [{ tags: ['m.favourite'], not_tags: ['m.favourite'] }, []],
    [{ not_tags: ['m.favourite'] }, sorted(secret, space, invited)],
  ];
  for (const [filters, rooms] of expected)
    expect({ filters, rooms: await shown(alice, filters, 4) }).toEqual({ filters, rooms });
});

test('ranges show who was active last, and what was shown before stays up to date', async () => {
  const alice = await aClient();
  const rooms = [await alice.create(), await alice.create(), await alice.create()] as const;
  const top = (last: number) => everything({ timeline_limit: 1 }, { ranges: [[0, last]] });
  const slider = sliderOf(alice);
  const first = await slider.until(top(0), (answer) => rooms[2] in answer.rooms);
  expect(first.lists).toEqual({ all: { count: 3 } });
  expect((await slider.next(top(1))).rooms).toHaveProperty([rooms[1]]);
  const said = await alice.say(rooms[0], 'up');
  const risen = await slider.until(top(0), (answer) => rooms[0] in answer.rooms);
  expect(Object.keys(risen.rooms)).toEqual([rooms[0]]);
  // Nobody else's business moves a room.
  await alice.inRoom('POST', rooms[1], `receipt/m.read/${encodeURIComponent(await alice.say(rooms[1], 'x'))}`, {});
  await slider.until(top(2), (answer) => rooms[1] in answer.rooms);
  await alice.inRoom('POST', rooms[0], `receipt/m.read/${encodeURIComponent(said)}`, {});
  await slider.until(top(2), (answer) => rooms[0] in answer.rooms);
  const again = await sliderOf(alice).next(top(0));
  expect(Object.keys(again.rooms)).toEqual([rooms[1]]);
});

test('a room out of the range is told from where it was when it comes back into it', async () => {
  const alice = await aClient();
  const [one, two] = [await alice.create(), await alice.create()];
  const slider = sliderOf(alice);
  const top = everything({ timeline_limit: 10 }, { ranges: [[0, 0]] });
  await slider.until(everything(), ({ rooms }) => one in rooms || two in rooms);
  await slider.next(everything());
  await alice.say(one, 'first');
  await slider.until(top, ({ rooms }) => one in rooms);
  await alice.say(one, 'missed');
  const last = await alice.say(two, 'second');
  await slider.until(top, ({ rooms }) => rooms[two]?.timeline.at(-1)?.event_id === last);
  await alice.say(one, 'third');
  const back = await slider.until(top, ({ rooms }) => rooms[one]?.timeline.at(-1)?.content['body'] === 'third');
  expect(back.rooms[one]?.timeline.map(({ content }) => content['body'])).not.toContain('first');
  expect(back.rooms[one]).toMatchObject({ limited: false });
  expect(back.rooms[one]).not.toHaveProperty('initial');
});

test('a change of m.direct is told of the rooms it is about', async () => {
  const alice = await aClient();
  const roomId = await alice.create();
  const slider = sliderOf(alice);
  await slider.until(everything(), ({ rooms }) => roomId in rooms);
  await alice.ask('PUT', `/user/${alice.userId}/account_data/m.direct`, { '@bob:here': [roomId] });
  const direct = await slider.until(everything(), ({ rooms }) => roomId in rooms);
  expect(direct.rooms[roomId]).toMatchObject({ is_dm: true, timeline: [] });
  await alice.ask('PUT', `/user/${alice.userId}/account_data/m.direct`, {});
  const undone = await slider.until(everything(), ({ rooms }) => roomId in rooms);
  expect(undone.rooms[roomId]).toMatchObject({ is_dm: false });
});
