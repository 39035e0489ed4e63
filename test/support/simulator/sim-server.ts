import { notTaken } from '../../../src/federation/receive/receive-in-room.ts';
import type { RoomClient } from '../../../src/durable/room/client.ts';
import { fillHistory, type HistoryDeps } from '../../../src/federation/history/fill-history.ts';
import type { KeyRing } from '../../../src/federation/key-ring.ts';
import { createPduChecker } from '../../../src/federation/receive/pdu-checker.ts';
import { receiveAgain } from '../../../src/federation/receive/receive-again.ts';
import { receiveTransaction, type TransactionDeps } from '../../../src/federation/receive/receive-transaction.ts';
import { retryParked } from '../../../src/federation/receive/retry-parked.ts';
import { createRemoteServers } from '../../../src/federation/remote-servers.ts';
import { RetrySlots } from '../../../src/federation/sending/retry-slots.ts';
import { verifyKeyFromBase64 } from '../../../src/matrix/crypto/ed25519.ts';
import { notFound } from '../../../src/matrix/error.ts';
import type { EventId, RoomId, ServerName, UserId } from '../../../src/matrix/ids/brands.ts';
import type { JsonObject } from '../../../src/matrix/json/json-value.ts';
import type { Receivers } from '../../../src/room/dispatch/dispatcher.ts';
import { joinOver } from '../../../src/rooms/join-over.ts';
import type { RoomsDeps } from '../../../src/rooms/ports.ts';
import type { EventLoop } from './event-loop.ts';
import { answerServer, type AnsweringRooms } from './answer-server.ts';
import type { Network } from './network.ts';
import type { Random } from './random.ts';
import { keyOf } from './room-rig.ts';
import { SimDestination } from './sim-destination.ts';
import { SimRoom } from './sim-room.ts';
import { SimShard } from './sim-shard.ts';

export const SHARD = 's1';

const verifyKeys = new Map<ServerName, ReturnType<typeof verifyKeyFromBase64>>();

const keyRing: KeyRing = {
  keyFor: async (server) => {
    if (!verifyKeys.has(server)) verifyKeys.set(server, verifyKeyFromBase64(keyOf(server).publicKey));
    return verifyKeys.get(server) ?? 'unknown';
  },
};

/** A whole server: its objects, and what its Worker does with requests of users and of other servers. */
export class SimServer {
  readonly name: ServerName;
  readonly shard: SimShard;
  readonly deps: RoomsDeps;
  readonly rooms = new Map<RoomId, SimRoom>();
  readonly destinations = new Map<ServerName, SimDestination>();
  readonly #world: { readonly loop: EventLoop; readonly random: Random; readonly network: Network };
  readonly #versions = new Map<RoomId, string>();
  readonly #client;
  readonly #skewMs: number;
  #randomId = 0;

  constructor(
    name: string,
    world: { readonly loop: EventLoop; readonly random: Random; readonly network: Network },
    users: readonly UserId[],
  ) {
    this.name = name as ServerName;
    this.#world = world;
    this.shard = new SimShard(world);
    this.#client = world.network.clientOf(this.name);
    // Nobody's clock is right.
    this.#skewMs = world.random.below(4_000) - 2_000;
    this.#retries = new RetrySlots(() => world.loop.now);
    this.deps = {
      serverName: this.name,
      rooms: this.#roomClient(),
      remote: createRemoteServers(this.#client),
      tickets: { hold: (_user, work) => work() },
      pdus: createPduChecker({ keys: keyRing, late: () => world.loop.after(20_000) }),
      registry: {
        has: async (roomId) => this.#versions.has(roomId),
        add: async (roomId, version) => void this.#versions.set(roomId, version),
        setVersion: async (roomId, version) => void this.#versions.set(roomId, version),
        setPublished: async () => {},
      },
      aliases: {
        resolve: async () => undefined,
        find: async () => undefined,
        reserve: async () => {},
        activate: async () => {},
        remove: async () => {},
      },
      users: {
        shardOf: async (userId) => (users.includes(userId) ? SHARD : undefined),
        profileOf: async () => ({}),
        blocksInvites: async () => false,
        mayFederate: async () => true,
      },
      receive: async (server, roomId, pdu) => {
        const call = { server, roomId, pdus: [pdu] };
        await receiveAgain(this.#transactions(), call, (work) => this.#background(work));
      },
      signingKey: async () => keyOf(this.name),
      defaultRoomVersion: async () => '12',
      roomLimits: async () => ({ maxPublicMembers: 0, encrypted: true, nonPrivate: true }),
      now: () => this.now(),
      after: (delayMs) => world.loop.after(delayMs),
      randomId: () => `w${String((this.#randomId += 1)).padStart(17, '0')}`,
    };
    world.network.attach(this.name, (request) =>
      answerServer(
        {
          ...this.deps,
          rooms: this.deps.rooms as unknown as AnsweringRooms,
          knownRooms: this.#knownRooms,
          onSharedRoom: async () => {},
          roomOf: (eventId) => this.#roomOf(eventId),
          receive: (origin, body) => this.#receive(origin, body),
        },
        request,
      ),
    );
  }

  now(): number {
    return this.#world.loop.now + this.#skewMs;
  }

  room(roomId: RoomId): SimRoom {
    let room = this.rooms.get(roomId);
    if (room === undefined) {
      room = new SimRoom(
        this.#world,
        this.name,
        this.#receivers(),
        () => this.now(),
        async (server, call) => ({
          kind: 'tried',
          dropped: await retryParked(
            this.#transactions(),
            { server, ...call },
            (work) => this.#background(work),
            () => {},
          ),
        }),
        async ({ event, roomVersion, ...join }) => {
          const sent = event === undefined ? {} : { sent: { ...event, roomVersion } };
          await joinOver(this.deps, { ...join, ...sent, roomId });
        },
      );
      this.rooms.set(roomId, room);
    }
    return room;
  }

  /** The end of its world. */
  close(): void {
    this.shard.close();
    for (const object of [...this.rooms.values(), ...this.destinations.values()]) object.close();
  }

  destination(server: ServerName): SimDestination {
    let destination = this.destinations.get(server);
    if (destination === undefined) {
      destination = new SimDestination(this.#world, {
        serverName: this.name,
        destination: server,
        client: this.#client,
        retries: this.#retries,
        rooms: { read: ({ roomId, ...query }) => this.room(roomId).client.rangeFor({ roomId, ...query }) },
      });
      this.destinations.set(server, destination);
    }
    return destination;
  }

  /** Fills holes of the history, as a client's paging does. */
  fillHistory(roomId: RoomId, holes: readonly EventId[], limit: number): Promise<boolean> {
    const deps: HistoryDeps = {
      serverName: this.name,
      client: this.#client,
      rooms: this.deps.rooms as RoomClient,
      knownRooms: this.#knownRooms,
      pdus: this.deps.pdus,
    };
    return fillHistory(deps, roomId, holes, limit);
  }

  readonly #retries: RetrySlots;
  readonly #knownRooms = { versionOf: async (roomId: RoomId) => this.#versions.get(roomId) };

  #roomClient(): RoomClient {
    return new Proxy({} as RoomClient, {
      get: (_target, method: string) => (call: { readonly roomId: RoomId }) => {
        const { client } = this.room(call.roomId);
        return (client as unknown as Record<string, (input: object) => unknown>)[method]?.(call);
      },
    });
  }

  #receivers(): Receivers {
    const { loop, random } = this.#world;
    return {
      shard: (_shard, range) => this.shard.applyRange({ ...range, roomId: range.roomId as RoomId }),
      destination: async (server, range) => {
        const answered = await this.destination(server).offer({ ...range, roomId: range.roomId as RoomId });
        return answered === 'detached' ? { kind: 'detached' } : { kind: 'confirmed', isKept: answered === 'taken' };
      },
      projector: async () => {
        await loop.after(random.below(10));
        return { kind: 'confirmed' };
      },
    };
  }

  async #receive(origin: ServerName, body: JsonObject | undefined): Promise<string> {
    this.destinations.get(origin)?.heard();
    const answer = await receiveTransaction(this.#transactions(), { origin, body }, (work) => this.#background(work));
    return JSON.stringify(answer);
  }

  #background(work: Promise<void>): void {
    this.#world.loop.start(() => work);
  }

  #transactions(): TransactionDeps {
    return {
      serverName: this.name,
      keys: keyRing,
      client: this.#client,
      rooms: this.deps.rooms as RoomClient,
      knownRooms: this.#knownRooms,
      edus: {},
      lastingEdus: {},
      onNotTaken: notTaken,
      onSharedRoom: async () => {},
      after: (delayMs) => this.#world.loop.after(delayMs),
    };
  }

  #roomOf(eventId: EventId): RoomId {
    for (const [roomId, room] of this.rooms) {
      if (room.isBorn() && room.store.events.has(eventId)) return roomId;
    }
    throw notFound('There is no such event');
  }
}
