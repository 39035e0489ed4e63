import { sendTransaction } from '../../../src/federation/operations/send-transaction.ts';
import type { FederationClient } from '../../../src/federation/client.ts';
import type { OfferAnswer, Retries, RoomOffer, RoomRanges } from '../../../src/federation/sending/ports.ts';
import { Sender } from '../../../src/federation/sending/sender.ts';
import type { ServerName } from '../../../src/matrix/ids/brands.ts';
import { readdirSync, readFileSync } from 'node:fs';

import { applyMigrations } from '../../../src/storage/apply-migrations.ts';
import { SendingRepository } from '../../../src/storage/destination-db/sending-repository.ts';
import { SimObject, type ObjectWorld } from './sim-object.ts';
import { SqliteStorage } from './sqlite-storage.ts';

const FOLDER = 'migrations/destination';
const migrations = readdirSync(FOLDER)
  .filter((name) => name.endsWith('.sql'))
  .toSorted()
  .map((name) => readFileSync(`${FOLDER}/${name}`, 'utf8'));

interface Life {
  readonly sender: Sender;
}

/** What waits for one other server, as `src/durable/destination` runs it. */
export class SimDestination extends SimObject<Life> {
  readonly #storage = new SqliteStorage();
  readonly #options: {
    readonly serverName: ServerName;
    readonly destination: ServerName;
    readonly client: FederationClient;
    readonly retries: Retries;
    readonly rooms: RoomRanges;
  };
  /** When the alarm goes off; durable. */
  #alarmAt: number | undefined;

  constructor(
    world: ObjectWorld,
    options: {
      serverName: ServerName;
      destination: ServerName;
      client: FederationClient;
      retries: Retries;
      rooms: RoomRanges;
    },
  ) {
    super(world);
    this.#options = options;
    applyMigrations(this.#storage.sql as unknown as SqlStorage, migrations);
  }

  protected override wake(): Life {
    const { serverName, destination, client, retries, rooms } = this.#options;
    const { loop, random } = this.world;
    const life: Life = {
      sender: new Sender({
        serverName,
        destination,
        store: new SendingRepository(this.#storage as unknown as DurableObjectStorage, () => {}),
        rooms: { read: (request) => this.told(() => life, rooms.read(request)) },
        wanted: async (edus) => edus,
        send: (transaction) => this.told(() => life, sendTransaction(client, { destination, ...transaction })),
        retries,
        now: () => loop.now,
        random: () => random.next(),
        after: (delayMs, work) => {
          let isOn = true;
          loop.schedule(delayMs, () => {
            if (isOn && this.isAlive(life)) work();
          });
          return () => {
            isOn = false;
          };
        },
        lost: () => {},
        wakeAt: (at) => this.#wakeAt(at),
      }),
    };
    return life;
  }

  #wakeAt(at: number): void {
    const { loop } = this.world;
    if (this.#alarmAt !== undefined && this.#alarmAt <= at) return;
    this.#alarmAt = at;
    loop.schedule(Math.max(0, at - loop.now), () => {
      if (this.#alarmAt !== at) return;
      this.#alarmAt = undefined;
      loop.start(() => this.#alarm());
    });
  }

  /** The platform repeats an alarm whose object died. */
  async #alarm(): Promise<void> {
    const { life } = this;
    const delivered = life.sender.deliver();
    const { loop } = this.world;
    for (;;) {
      const next = await Promise.race([delivered.then((at) => ({ at })), loop.after(5_000)]);
      if (!this.isAlive(life)) {
        this.#wakeAt(loop.now + 2_000);
        return;
      }
      if (next === undefined) continue;
      if (next.at !== undefined) this.#wakeAt(next.at);
      return;
    }
  }

  /** An offer resolves in its own time; who dies over it never answers. */
  async offer(offer: RoomOffer): Promise<OfferAnswer> {
    const { loop, random } = this.world;
    await loop.after(random.below(4));
    const { life } = this;
    const answered = life.sender.offer(offer);
    for (;;) {
      const answer = await Promise.race([answered, loop.after(500)]);
      if (!this.isAlive(life)) throw new Error('the destination was reset');
      if (answer === undefined) continue;
      await loop.after(random.below(4));
      if (!this.isAlive(life)) throw new Error('the destination was reset');
      return answer;
    }
  }

  /** The end of its world. */
  close(): void {
    this.#storage.close();
  }

  /** Whether nothing waits for the server. */
  isIdle(): boolean {
    return this.#storage.sql.exec('select 1 from room_cursors limit 1').toArray().length === 0;
  }

  /** The server was heard of. */
  heard(): void {
    this.life.sender.wake();
  }
}
