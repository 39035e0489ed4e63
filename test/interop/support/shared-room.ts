import { expect } from 'vitest';

import type { ClientEvent, MatrixClient } from '../../support/node/matrix-client.ts';
import { until } from '../../support/node/until.ts';
import type { FollowingClient } from './following-client.ts';
import type { Pair, Side } from './pair.ts';

/** A room with one user of each server in it, both of whom know of each other. */
export interface SharedRoom {
  /** who made the room */
  alice: FollowingClient;
  /** who came by invite, from the other server */
  bob: FollowingClient;
  roomId: string;
}

/** Makes a room on one server and brings a user of the other into it. @param body of `/createRoom`. */
export async function shareRoom(
  pair: Pair,
  { host, joiner }: { host: Side; joiner: Side },
  body: Record<string, unknown> = {},
): Promise<SharedRoom> {
  const alice = await pair.user(host, 'alice');
  const bob = await pair.user(joiner, 'bob');
  const roomId = await alice.createRoom({ preset: 'private_chat', ...body, invite: [bob.userId] });
  await bob.seesInvite(roomId);
  await bob.join(roomId);
  await alice.seesMembership(roomId, bob.userId, 'join');
  await bob.seesMembership(roomId, bob.userId, 'join');
  return { alice, bob, roomId };
}

/** Waits until both servers hold the same current state, event by event. */
export async function expectSameState(one: MatrixClient, other: MatrixClient, roomId: string): Promise<void> {
  await until(`the same state of ${roomId} on both servers`, async () => {
    const [ours, theirs] = await Promise.all([stateEventIds(one, roomId), stateEventIds(other, roomId)]);
    expect(theirs).toEqual(ours);
    return true;
  });
}

async function stateEventIds(client: MatrixClient, roomId: string): Promise<Record<string, string>> {
  const events = await client.request<ClientEvent[]>('GET', `/rooms/${encodeURIComponent(roomId)}/state`);
  const entries = events.map((event): [string, string] => [`${event.type} ${event.state_key}`, event.event_id]);
  return Object.fromEntries(entries.toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

/** The whole visible history, oldest first, by `/messages` in pages. */
export async function wholeHistory(client: MatrixClient, roomId: string, limit = 50): Promise<ClientEvent[]> {
  const events: ClientEvent[] = [];
  let from: string | undefined;
  do {
    const page = await client.messages(roomId, { dir: 'b', limit, from });
    events.push(...page.chunk);
    from = page.end;
  } while (from !== undefined);
  return events.reverse();
}

/** The texts of messages among events. */
export const textsOf = (events: readonly ClientEvent[]): unknown[] =>
  events.filter(({ type }) => type === 'm.room.message').map(({ content }) => content['body']);
