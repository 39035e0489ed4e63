import type { MatrixClient } from '../../test/support/node/matrix-client.ts';
import { answerForRoom } from '../../test/support/node/stub/answer-for-room.ts';
import type { StubNetwork } from '../../test/support/node/stub/stub-network.ts';
import { StubRoom } from '../../test/support/node/stub/stub-room.ts';
import type { TestServer } from '../../test/support/core/test-keys.ts';
import type { JsonObject } from '../../src/matrix/json/json-value.ts';

/** Puts a room of these stub servers together, ready to be joined. */
export function openStubRoom(network: StubNetwork, servers: readonly TestServer[], members: number): StubRoom {
  const room = StubRoom.make(servers, members);
  network.handle(answerForRoom(room));
  return room;
}

/** The user joins a room over the first of its servers. */
export async function joinStubRoom(user: MatrixClient, room: StubRoom): Promise<void> {
  await user.join(room.roomId, [room.servers[0]?.name ?? '']);
}

/** The user comes into a room of this many members of all stub servers, and knows them all. */
export async function enterStubRoom(user: MatrixClient, network: StubNetwork, members: number): Promise<StubRoom> {
  const room = openStubRoom(network, network.servers, members);
  await joinStubRoom(user, room);
  await user.joinedMembers(room.roomId);
  return room;
}

/** Waits for messages at stub servers. */
export class Arrivals {
  #awaited: { readonly body: string; readonly left: Set<TestServer>; readonly done: (at: number) => void } | undefined;

  constructor(network: StubNetwork) {
    network.onTransaction = (server, transaction) => this.#take(server, transaction);
  }

  /** @returns when the last of the servers has the message with this text. */
  async ofAll(servers: readonly TestServer[], body: string, withinMs: number): Promise<number> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        reject(new Error(`${this.#awaited?.left.size ?? 0} of ${servers.length} servers did not get it`));
      }, withinMs);
      const done = (at: number) => {
        clearTimeout(timer);
        resolve(at);
      };
      this.#awaited = { body, left: new Set(servers), done };
    });
  }

  #take(server: TestServer, { pdus }: JsonObject): void {
    const now = performance.now();
    if (this.#awaited === undefined || !Array.isArray(pdus)) return;
    const { body, left, done } = this.#awaited;
    const isThere = (pdus as { content?: { body?: string } }[]).some(({ content }) => content?.body === body);
    if (!isThere || !left.delete(server) || left.size > 0) return;
    this.#awaited = undefined;
    done(now);
  }
}
