import { afterAll, beforeAll, expect, test } from 'vitest';

import type { TestServer } from '../support/core/test-keys.ts';
import { type EyrieServer, startEyrie } from '../support/node/eyrie-server.ts';
import { MatrixClient } from '../support/node/matrix-client.ts';
import { answerForRoom } from '../support/node/stub/answer-for-room.ts';
import { StubNetwork } from '../support/node/stub/stub-network.ts';
import { StubRoom } from '../support/node/stub/stub-room.ts';
import { StubSender } from '../support/node/stub/stub-sender.ts';
import { TestAuthority } from '../support/node/test-authority.ts';
import { until } from '../support/node/until.ts';

const SERVERS = 40;
const DEAD = 30;
const MESSAGES = 5;
/** The least that a back-off lasts after the first failure; twice as much after each further one. */
const FIRST_BACKOFF_MS = 500;
const WAIT_MS = 60_000;

let network: StubNetwork;
let server: EyrieServer;
let sender: StubSender;

beforeAll(async () => {
  const authority = await TestAuthority.make();
  network = await StubNetwork.open(SERVERS, authority);
  const { cert, key } = await authority.certificate();
  server = await startEyrie({ tlsCert: cert, tlsKey: key, env: { NODE_EXTRA_CA_CERTS: authority.caFile } });
  sender = new StubSender(server.serverName, authority.caPem);
});
afterAll(async () => {
  sender.close();
  await server.remove();
  await network.close();
});

test(
  'with most servers of a room away the others get each message, none that is away is tried too early, and one that comes back gets all',
  { timeout: 240_000 },
  async () => {
    const alice = await new MatrixClient(server.clientUrl).register('alice');
    const room = StubRoom.make(network.servers, SERVERS);
    network.handle(answerForRoom(room));
    const received = new Map(network.servers.map(({ name }) => [name, new Set<string>()]));
    network.onTransaction = ({ name }, { pdus }) => {
      for (const { content } of pdus as unknown as { content: { body?: string } }[]) {
        if (content.body !== undefined) received.get(name)?.add(content.body);
      }
    };
    await alice.join(room.roomId, [room.servers[0]?.name ?? '']);
    const alive = network.servers.slice(0, SERVERS - DEAD);
    const dead = network.servers.slice(SERVERS - DEAD);
    const refusing = dead.slice(0, DEAD / 2);
    const tries = new Map(dead.map(({ name }) => [name, [] as number[]]));
    network.onAttempt = ({ name }) => tries.get(name)?.push(performance.now());
    network.kill(refusing, 'refuses');
    network.kill(dead.slice(DEAD / 2), 'is silent');

    const bodies = Array.from({ length: MESSAGES }, (_, index) => `message ${index}`);
    for (const body of bodies) {
      await alice.send(room.roomId, body);
      const isWith = ({ name }: TestServer) => received.get(name)?.has(body) === true;
      await until('those that are there to have it', () => alive.every(isWith), WAIT_MS);
    }

    await until(
      'those that refuse to be tried again',
      () => refusing.every(({ name }) => (tries.get(name)?.length ?? 0) >= 3),
      WAIT_MS,
    );
    const early = [...tries.values()].flatMap((times) =>
      times.slice(1).filter((at, failures) => at - (times[failures] ?? 0) < FIRST_BACKOFF_MS * 2 ** failures),
    );
    expect(early).toEqual([]);

    const [back] = refusing;
    const member = room.members.find(({ server: { name } }) => name === back?.name);
    if (back === undefined || member === undefined) throw new Error('each server has a member');
    network.revive([back]);
    // What it says shows that it is there.
    await sender.push(back, [room.say(member.userId, 'I am back')]);
    await until('it to have all', () => bodies.every((body) => received.get(back.name)?.has(body)), WAIT_MS);
  },
);
