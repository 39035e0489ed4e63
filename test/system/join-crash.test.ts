import { afterAll, beforeAll, expect, test } from 'vitest';

import { type EyrieServer, startEyrie } from '../support/node/eyrie-server.ts';
import { MatrixClient } from '../support/node/matrix-client.ts';
import { answerForRoom } from '../support/node/stub/answer-for-room.ts';
import { StubNetwork, type StubReply } from '../support/node/stub/stub-network.ts';
import { StubRoom } from '../support/node/stub/stub-room.ts';
import { StubSender } from '../support/node/stub/stub-sender.ts';
import { TestAuthority } from '../support/node/test-authority.ts';
import { startTwoEyries } from '../support/node/two-eyries.ts';
import { until } from '../support/node/until.ts';

const ROOMS = 4;
const SERVERS = 20;
const MEMBERS = 5_000;
/** A join that nobody works on is taken over after 30 s, by an alarm. */
const RESUMED_MS = 150_000;

let host: EyrieServer;
let peer: EyrieServer;
let alice: MatrixClient;
let bob: MatrixClient;

beforeAll(async () => {
  [host, peer] = await startTwoEyries();
  alice = await new MatrixClient(host.clientUrl).register('alice');
  bob = await new MatrixClient(peer.clientUrl).register('bob');
});
afterAll(() => Promise.all([host.remove(), peer.remove()]));

// Both wait for that, so they do it at once.
test.concurrent(
  'a join that the other server has accepted is finished after a kill, and nobody counts as joined at one side alone',
  { timeout: 300_000 },
  async () => {
    const rooms = await Promise.all(Array.from({ length: ROOMS }, () => alice.createRoom({ preset: 'public_chat' })));
    const hostSays = async (roomId: string) => {
      const path = `/_matrix/client/v3/rooms/${encodeURIComponent(roomId)}/joined_members`;
      const { joined } = await alice.request<{ joined: object }>('GET', path);
      return Object.hasOwn(joined, bob.userId);
    };
    const accepted = async () => (await Promise.all(rooms.map(hostSays))).filter(Boolean).length;
    // The answers do not matter: the server that gives them is killed.
    const joins = Promise.allSettled(rooms.map((roomId) => bob.join(roomId, [host.serverName])));
    await until('the host to accept one', async () => (await accepted()) > 0);
    await peer.kill9('workerd');
    await joins;
    await until(
      'both servers to say the same of every room',
      async () => {
        const { joined_rooms: known } = await bob.request<{ joined_rooms: string[] }>(
          'GET',
          '/_matrix/client/v3/joined_rooms',
        );
        const there = await Promise.all(rooms.map(hostSays));
        return there.some(Boolean) && rooms.every((roomId, at) => known.includes(roomId) === there[at]);
      },
      RESUMED_MS,
    );
    for (const roomId of rooms) {
      // Whoever was not in by then joins now as if nothing had been.
      if (!(await hostSays(roomId))) await bob.join(roomId, [host.serverName]);
      const eventId = await alice.send(roomId, 'welcome');
      await until('the message to arrive', async () => {
        const { chunk } = await bob.messages(roomId);
        return chunk.some(({ event_id: id }) => id === eventId);
      });
    }
    expect(await accepted()).toBe(ROOMS);
  },
);

test.concurrent(
  `a room of ${MEMBERS} members is joined though the server is killed in the middle, and what came meanwhile is there`,
  { timeout: 300_000 },
  async () => {
    const { network, server, sender } = await startBesideStubs();
    const carol = await new MatrixClient(server.clientUrl).register('carol');
    const room = StubRoom.make(network.servers, MEMBERS);
    const [resident, other] = room.servers;
    const [creator, second] = room.members;
    if (resident === undefined || other === undefined || creator === undefined || second === undefined) {
      throw new Error('the room has servers and members');
    }
    const answer = answerForRoom(room);
    const half = Promise.withResolvers<void>();
    const received: string[] = [];
    network.onTransaction = (_server, { pdus }) => received.push(JSON.stringify(pdus));
    let joins = 0;
    network.handle((request) => {
      const reply = answer(request);
      if (!request.path.includes('/send_join/')) return reply;
      joins += 1;
      return joins === 1 ? stuckInTheMiddle(reply, half.resolve) : reply;
    });

    const joining = carol.join(room.roomId, [resident.name]).catch((error: unknown) => error);
    await half.promise;
    // The others know of the join by now, and go on.
    const first = room.say(creator.userId, 'while it is being joined');
    expect(await sender.push(resident, [first])).toEqual({ [first.eventId]: {} });
    await server.kill9('workerd');
    await joining;
    const next = room.say(second.userId, 'after the crash');
    await until('the server to answer again', () => sender.push(other, [next]), 30_000);
    await until(
      'the room to be joined',
      async () => {
        const { joined_rooms: joined } = await carol.request<{ joined_rooms: string[] }>('GET', '/joined_rooms');
        return joined.includes(room.roomId);
      },
      RESUMED_MS,
    );

    expect(joins).toBe(2);
    expect(await carol.joinedMembers(room.roomId)).toHaveLength(MEMBERS + 2);
    await until('what came meanwhile to be there', async () => {
      const { chunk } = await carol.messages(room.roomId);
      const ids = chunk.map(({ event_id: id }) => id);
      return ids.includes(first.eventId) && ids.includes(next.eventId);
    });
    const eventId = await carol.send(room.roomId, 'hello everybody');
    await until(
      'the others to hear',
      () => received.filter((pdus) => pdus.includes('hello everybody')).length === SERVERS,
    );
    expect((await carol.event(room.roomId, eventId)).content['body']).toBe('hello everybody');
    sender.close();
    await server.remove();
    await network.close();
  },
);

/** A server that gives half of its answer and then no more. */
async function* stuckInTheMiddle(reply: StubReply | undefined, reached: () => void): AsyncGenerator<string, void> {
  let events = 0;
  for await (const piece of typeof reply === 'object' ? reply : []) {
    yield piece;
    events += 1;
    if (events < MEMBERS / 2) continue;
    reached();
    await new Promise(() => undefined);
  }
}

async function startBesideStubs() {
  const authority = await TestAuthority.make();
  const network = await StubNetwork.open(SERVERS, authority);
  const { cert, key } = await authority.certificate();
  const server = await startEyrie({ tlsCert: cert, tlsKey: key, env: { NODE_EXTRA_CA_CERTS: authority.caFile } });
  return { network, server, sender: new StubSender(server.serverName, authority.caPem) };
}
