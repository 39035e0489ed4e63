import { MatrixError } from '../../../src/matrix/error.ts';
import type { RoomId, UserId } from '../../../src/matrix/ids/brands.ts';
import { createRoom } from '../../../src/rooms/create-room.ts';
import { act, userActions } from './actions.ts';
import { describeRoom } from './describe-room.ts';
import { endInPeace } from './peace.ts';
import { EventLoop } from './event-loop.ts';
import { Network } from './network.ts';
import { Random } from './random.ts';
import { doHarm, hostileActions } from './hostile.ts';
import { SimClient } from './sim-client.ts';
import { SimSlider } from './sim-slider.ts';
import { SHARD, SimServer } from './sim-server.ts';

const NAMES = ['one', 'two', 'three', 'four', 'five', 'six', 'seven', 'eight'] as const;

/** What kind of world it is. */
export interface Options {
  readonly steps?: number;
  /** From 2 to 8. */
  readonly servers?: number;
  /** Whether the last server does what it may not do. */
  readonly isHostile?: boolean;
  /** Whether some of the servers are cut off from the others for a time, again and again. */
  readonly isPartitioned?: boolean;
  /** Whether every user has a client of sliding sync besides. */
  readonly isSliding?: boolean;
}

/** The world of a number, where nothing is asked for: so that many numbers are worlds of every kind. */
export function worldOf(seed: number): Options {
  switch (seed % 6) {
    case 1:
      return { servers: 3, isPartitioned: true };
    case 2:
      return { servers: 3, isHostile: true };
    case 3:
      return { servers: 4, isPartitioned: true };
    case 4:
      return { servers: 5 };
    case 5:
      return { servers: 4, isHostile: true, isPartitioned: true };
    default:
      return { servers: 3 };
  }
}

const versions = { '1': 1, '2': 1, '3': 1, '4': 1, '5': 1, '6': 1, '7': 1, '8': 1, '9': 1, '10': 6, '11': 8, '12': 10 };

/** Everything that is done to a world between two moments of peace. */
const chaos = { user: 60, sync: 30, lookBack: 4, crash: 10, part: 3, heal: 3 } as const;

export interface Outcome {
  readonly seed: number;
  /** What was seen that must not be; empty for a good run. */
  readonly faults: readonly string[];
  readonly trace: readonly string[];
  readonly counts: {
    readonly events: number;
    readonly syncs: number;
    readonly slides: number;
    readonly crashes: number;
  };
}

/** Runs one world. The seed determines all of it. */
export async function runSeed(seed: number, options: Options = worldOf(seed)): Promise<Outcome> {
  const world = new World(seed, options);
  await world.run(options.steps ?? 60);
  const outcome = world.outcome();
  world.close();
  return outcome;
}

class World {
  readonly #seed: number;
  readonly #random: Random;
  readonly #loop = new EventLoop();
  readonly #network: Network;
  readonly #servers: readonly SimServer[];
  readonly #clients: readonly SimClient[];
  readonly #sliders: readonly SimSlider[];
  readonly #trace: string[] = [];
  readonly #faults: string[] = [];
  readonly #rooms: RoomId[] = [];
  readonly #isHostile: boolean;
  readonly #isPartitioned: boolean;
  #crashes = 0;
  #harms = 0;

  constructor(seed: number, options: Options) {
    const { servers = 3, isHostile = false, isPartitioned = false, isSliding = false } = options;
    this.#isHostile = isHostile;
    this.#isPartitioned = isPartitioned;
    this.#seed = seed;
    this.#random = new Random(seed);
    this.#network = new Network(this.#loop, this.#random, {
      trace: (line) => this.#note(line),
      fault: (what) => this.#fault(what),
    });
    const world = { loop: this.#loop, random: this.#random, network: this.#network };
    this.#servers = NAMES.slice(0, servers).map((name) => new SimServer(name, world, usersOf(name)));
    this.#clients = this.#servers.flatMap((server) =>
      usersOf(server.name).map((user) => new SimClient(user, server, this.#random, (what) => this.#fault(what))),
    );
    this.#sliders = (isSliding ? this.#clients : []).map(
      ({ userId, server }) => new SimSlider(userId, server, this.#random, (what) => this.#fault(what)),
    );
  }

  outcome(): Outcome {
    const events = this.#rooms.reduce(
      (sum, roomId) =>
        sum +
        this.#servers.reduce((most, { rooms }) => {
          const room = rooms.get(roomId);
          return room?.isBorn() === true ? Math.max(most, room.store.stream.head()) : most;
        }, 0),
      0,
    );
    const syncs = this.#clients.reduce((sum, client) => sum + client.syncs, 0);
    const slides = this.#sliders.reduce((sum, slider) => sum + slider.answers, 0);
    return {
      seed: this.#seed,
      faults: this.#faults,
      trace: this.#trace,
      counts: { events, syncs, slides, crashes: this.#crashes },
    };
  }

  async run(steps: number): Promise<void> {
    try {
      await this.#setUp();
      for (let step = 0; step < steps && this.#faults.length === 0; step += 1) {
        await this.#loop.runUntil(this.#loop.now + this.#random.below(this.#random.pick([10, 300, 3_000])));
        this.#step();
      }
      if (this.#faults.length === 0) await this.#endInPeace();
    } catch (error) {
      this.#fault(error instanceof Error ? (error.stack ?? error.message) : String(error));
    }
    if (this.#faults.length === 0) return;
    for (const { rooms } of this.#servers) for (const room of rooms.values()) this.#trace.push(...describeRoom(room));
  }

  async #setUp(): Promise<void> {
    const version = this.#random.weighted(versions);
    const creator = this.#clients[0];
    if (creator === undefined) throw new Error('nobody is there');
    let roomId: RoomId | undefined;
    this.#loop.start(async () => {
      roomId = await createRoom(
        creator.server.deps,
        { userId: creator.userId, shard: SHARD },
        {
          roomVersion: version,
          preset: 'public_chat',
          isPublic: false,
          isDirect: false,
          aliasName: undefined,
          name: undefined,
          topic: 'the beginning',
          invite: [],
          creationContent: {},
          initialState: [],
          powerLevelContentOverride: {},
        },
      );
    });
    await this.#loop.runUntilTrue(() => roomId !== undefined, 10_000, 'the creation of the room');
    if (roomId === undefined) return;
    this.#note(`room ${roomId} of version ${version} by ${creator.userId}`);
    this.#rooms.push(roomId);
    for (const client of this.#clients.slice(1)) {
      if (this.#random.chance(0.6)) this.#user('join', client.server, client.userId);
    }
    await this.#loop.runUntil(this.#loop.now + this.#random.below(4_000));
    this.#network.weather = this.#random.pick([
      { lost: 0, repeated: 0, slow: 0.1 },
      { lost: 0.05, repeated: 0.1, slow: 0.2 },
      { lost: 0.2, repeated: 0.2, slow: 0.3 },
    ]);
  }

  close(): void {
    for (const server of this.#servers) server.close();
  }

  #step(): void {
    if (this.#isPartitioned && this.#random.chance(0.06)) return this.#cutOff();
    if (this.#isHostile && this.#random.chance(0.15)) return this.#harm();
    if (this.#sliders.length > 0) this.#slide(this.#random.pick(this.#sliders));
    const client = this.#random.pick(this.#clients);
    switch (this.#random.weighted(chaos)) {
      case 'user':
        this.#user(this.#random.weighted(userActions), client.server, client.userId);
        return;
      case 'sync':
        this.#background(`sync of ${client.userId}`, () => client.sync(false));
        return;
      case 'lookBack':
        this.#background(`look back of ${client.userId}`, () => client.lookBack(this.#random.pick(this.#rooms)));
        return;
      case 'crash':
        this.#crash(client.server);
        return;
      case 'part': {
        const other = this.#random.pick(this.#servers);
        this.#note(`${client.server.name} and ${other.name} are apart`);
        this.#network.part(client.server.name, other.name);
        return;
      }
      case 'heal': {
        const { weather } = this.#network;
        this.#note('nobody is apart');
        this.#network.heal();
        this.#network.weather = weather;
      }
    }
  }

  #slide(slider: SimSlider): void {
    this.#background(`slide of ${slider.userId}`, () => slider.sync(false));
  }

  #user(action: keyof typeof userActions, server: SimServer, user: UserId): void {
    const acting = {
      server,
      user,
      target: this.#random.pick(this.#clients).userId,
      roomId: this.#random.pick(this.#rooms),
      random: this.#random,
      servers: this.#servers,
    };
    if (!server.rooms.has(acting.roomId) && action !== 'join') return;
    this.#background(`${user} ${action} ${acting.target}`, () => act(action, acting));
  }

  /** Some servers hear nothing of the others for up to two minutes; both sides go on. */
  #cutOff(): void {
    const names = this.#servers.map(({ name }) => name);
    const some = names.filter(() => this.#random.chance(0.5));
    const others = names.filter((name) => !some.includes(name));
    if (some.length === 0 || others.length === 0) return;
    const durationMs = 2_000 + this.#random.below(this.#random.pick([10_000, 40_000, 120_000]));
    this.#note(`${some.join(', ')} are cut off from ${others.join(', ')} for ${durationMs} ms`);
    const pairs = some.flatMap((one) => others.map((other) => [one, other] as const));
    for (const [one, other] of pairs) this.#network.part(one, other);
    this.#loop.schedule(durationMs, () => {
      for (const [one, other] of pairs) this.#network.join(one, other);
    });
  }

  #harm(): void {
    const server = this.#servers.at(-1);
    if (server === undefined) return;
    const action = this.#random.weighted(hostileActions);
    const user = this.#random.pick(usersOf(server.name));
    const hostile = {
      server,
      user,
      target: this.#random.pick(this.#clients).userId,
      roomId: this.#random.pick(this.#rooms),
      random: this.#random,
      others: this.#servers.slice(0, -1).map(({ name }) => name),
      client: this.#network.clientOf(server.name),
      serial: (this.#harms += 1),
    };
    this.#background(`${user} does harm: ${action} ${hostile.target}`, () => doHarm(action, hostile));
  }

  /** Refusals and deaths are part of life; anything else is a fault. */
  #background(what: string, work: () => Promise<void>): void {
    this.#note(what);
    this.#loop.start(async () => {
      try {
        await work();
      } catch (error) {
        if (!isExpected(error)) this.#fault(`${what}: ${error instanceof Error ? error.stack : String(error)}`);
        else this.#note(`  ${what}: ${(error as Error).message}`);
      }
    });
  }

  #crash(server: SimServer): void {
    this.#crashes += 1;
    const kind = this.#random.pick(['room', 'room', 'shard', 'destination'] as const);
    this.#note(`crash of a ${kind} of ${server.name}`);
    if (kind === 'shard') server.shard.crash();
    else if (kind === 'room') server.rooms.get(this.#random.pick(this.#rooms))?.crash();
    else for (const destination of server.destinations.values()) destination.crash();
  }

  async #endInPeace(): Promise<void> {
    this.#note('peace');
    this.#network.heal();
    await endInPeace({
      loop: this.#loop,
      random: this.#random,
      servers: this.#servers,
      clients: this.#clients,
      sliders: this.#sliders,
      rooms: this.#rooms,
      isSound: () => this.#faults.length === 0,
      note: (line) => this.#note(line),
      fault: (what) => this.#fault(what),
    });
  }

  #note(line: string): void {
    this.#trace.push(`${String(this.#loop.now - 1_700_000_000_000).padStart(8)} ${line}`);
  }

  #fault(what: string): void {
    this.#note(`FAULT ${what}`);
    this.#faults.push(what);
  }
}

function usersOf(server: string): readonly UserId[] {
  return ['a', 'b'].map((name) => `@${name}:${server}` as UserId);
}

function isExpected(error: unknown): boolean {
  return error instanceof MatrixError || (error as { retryable?: boolean }).retryable === true;
}
