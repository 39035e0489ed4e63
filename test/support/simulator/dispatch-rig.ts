import type { ServerName, UserId } from '../../../src/matrix/ids/brands.ts';
import {
  Dispatcher,
  type Confirmation,
  type DestinationRange,
  type Receivers,
} from '../../../src/room/dispatch/dispatcher.ts';
import { acceptJoin } from './join-rig.ts';
import { RoomRig } from './room-rig.ts';

export interface OfferCall {
  readonly server: ServerName;
  readonly range: DestinationRange;
  answer(confirmation?: Confirmation): void;
  fail(): void;
}

const alice = '@alice:one' as UserId;
const CONFIRMED: Confirmation = { kind: 'confirmed' };

/** A room on server one with a member on each of `servers`, and its dispatcher; the calls wait for the test. */
export class DispatchRig {
  readonly room = new RoomRig('one');
  readonly calls: OfferCall[] = [];
  readonly shardCalls: string[] = [];
  readonly #macrotasks: (() => void)[] = [];
  /** Pauses that are under way. */
  readonly #later: (() => void)[] = [];
  /** ms */
  now = 1_000_000;
  dispatcher: Dispatcher;

  constructor(servers: readonly string[]) {
    this.room.create('11', alice);
    for (const server of servers) acceptJoin(this.room, `@bob:${server}` as UserId);
    this.room.store.meta.setDispatchedThrough(this.room.store.stream.head());
    this.dispatcher = this.#dispatcher();
  }

  say(body: string): void {
    this.room.say(alice, body);
    this.writeDown();
    this.dispatcher.kick();
    this.runLater();
  }

  /** What a turn of the room does at its end. */
  writeDown(): void {
    this.room.turn(() => this.dispatcher.writeDown());
    this.dispatcher.committed();
  }

  /** Everything in memory is gone. */
  restart(): void {
    this.calls.length = 0;
    this.dispatcher = this.#dispatcher();
    this.dispatcher.kick();
    this.runLater();
  }

  /** Ends the pauses, and runs what then waits for a macrotask. */
  runLater(): void {
    for (const run of this.#later.splice(0)) run();
    this.runMacrotasks();
  }

  runMacrotasks(): void {
    for (let run = this.#macrotasks.shift(); run !== undefined; run = this.#macrotasks.shift()) run();
  }

  /** Answers every call that is open, and those that follow, until none is. */
  async answerAll(confirmation = CONFIRMED): Promise<void> {
    while (this.calls.length > 0) {
      for (const call of this.calls.splice(0)) {
        call.answer(confirmation);
      }
      await settled();
      this.runLater();
      await settled();
    }
  }

  #dispatcher(): Dispatcher {
    const receivers: Receivers = {
      shard: async (shard) => {
        this.shardCalls.push(shard);
        return CONFIRMED;
      },
      projector: async () => CONFIRMED,
      destination: (server, range) =>
        new Promise((resolve, reject) => {
          this.calls.push({
            server,
            range,
            answer: (confirmation = CONFIRMED) => resolve(confirmation),
            fail: () => reject(new Error('the call failed')),
          });
        }),
    };
    return new Dispatcher({
      store: this.room.store,
      receivers,
      serverName: this.room.serverName,
      later: (run, delayMs) => void (delayMs === 0 ? this.#macrotasks : this.#later).push(run),
      now: () => this.now,
    });
  }
}

/** Promises that are resolved have been gone on from. */
export async function settled(): Promise<void> {
  for (let turns = 0; turns < 20; turns += 1) await Promise.resolve();
}
