import type { DeviceTracking } from './device-tracking.ts';
import type { DeviceMessage, Moves, MovesQuery, QueueStore, ShardCursor } from './ports.ts';
import type { Recipient } from './transactions.ts';

/** Messages to devices that are taken over ahead of what is sent: two transactions of them. */
const MAX_MESSAGES_AHEAD = 200;
/** Rooms and shards that did not answer are asked again after this, doubled with each time. */
export const ASK_AGAIN_MS = 2_000;
const MAX_ASK_AGAIN_MS = 300_000;

export interface ShardLogDeps {
  readonly store: QueueStore;
  readonly moves: (shard: string, query: MovesQuery) => Promise<Moves>;
  readonly now: () => number;
}

/** The logs of the shards of local users, looked through as far as what is sent keeps up. */
export class ShardLogs {
  readonly #deps: ShardLogDeps;
  readonly #devices: DeviceTracking;
  /** Those that did not answer, until when they are left alone (ms). */
  readonly #pauses = new Map<string, { readonly attempts: number; readonly until: number }>();

  constructor(deps: ShardLogDeps, devices: DeviceTracking) {
    this.#deps = deps;
    this.#devices = devices;
  }

  /** A log goes up to `head`. Runs in the transaction that is open. */
  heard(shard: string, head: number): void {
    const { store } = this.#deps;
    this.#pauses.delete(shard);
    const known = store.shards().find((one) => one.shard === shard);
    if (known === undefined || known.head < head) store.putShard({ shard, seq: known?.seq ?? 0, head });
  }

  /** Looks into what was not looked into yet. A shard that does not answer is asked again, later with each time. */
  async look(recipient: Recipient): Promise<void> {
    const { store, moves, now } = this.#deps;
    for (const cursor of store.shards()) {
      const query = queryOf(store, cursor, recipient);
      if (query === undefined || (this.#pauses.get(cursor.shard)?.until ?? 0) > now()) continue;
      try {
        const moved = await moves(cursor.shard, query);
        this.#pauses.delete(cursor.shard);
        store.transaction(() => take(this.#deps, recipient, this.#devices, cursor, moved));
      } catch (error) {
        this.#pause(cursor.shard, error);
      }
    }
  }

  /** When there is something to look into (ms), if ever. */
  next(tracksDevices: boolean): number | undefined {
    const { store, now } = this.#deps;
    const at = store
      .shards()
      .filter((cursor) => isBehind(cursor, tracksDevices))
      .map(({ shard }) => this.#pauses.get(shard)?.until ?? now());
    return at.length === 0 ? undefined : Math.min(...at);
  }

  #pause(shard: string, error: unknown): void {
    const { store, now } = this.#deps;
    const { attempts } = this.#pauses.get(shard) ?? { attempts: 0 };
    this.#pauses.set(shard, { attempts: attempts + 1, until: now() + askAgainAfter(attempts) });
    noteTrouble(store, `${shard} does not answer: ${String(error)}`, now());
  }
}

/** How long nobody is asked who did not answer (ms), doubled with each time. */
export const askAgainAfter = (attempts: number): number =>
  Math.min(ASK_AGAIN_MS * 2 ** Math.min(attempts, 30), MAX_ASK_AGAIN_MS);

/** Tells administrators of what holds up a part. */
export function noteTrouble(store: Pick<QueueStore, 'health' | 'setHealth'>, lastError: string, now: number): void {
  store.setHealth({ ...store.health(), lastError, lastErrorTs: now });
}

/** Whether something of a shard was not looked into. */
function isBehind({ seq, head, goesOn, devices }: ShardCursor, tracksDevices: boolean): boolean {
  return seq < head || goesOn === true || (tracksDevices && (devices ?? seq) < head);
}

function queryOf(
  store: QueueStore,
  { seq, head, messages = 0, goesOn = false, devices: lookedThrough = seq }: ShardCursor,
  { tracksDevices }: Pick<Recipient, 'tracksDevices'>,
): MovesQuery | undefined {
  const limit = Math.max(0, MAX_MESSAGES_AHEAD - store.countMessages());
  const devices = tracksDevices ? lookedThrough : undefined;
  if (seq >= head && !(goesOn && limit > 0) && (devices ?? head) >= head) return undefined;
  return { seq, messages: { after: messages, limit }, devices };
}

function take(
  { store, now }: ShardLogDeps,
  { interests }: Pick<Recipient, 'interests'>,
  devices: DeviceTracking,
  { shard, seq, head, messages = 0 }: ShardCursor,
  moved: Moves,
): void {
  for (const { roomId, epoch, to } of moved.rooms) store.wait(roomId, epoch, to, now());
  const came = moved.messages ?? [];
  const wanted = came.filter(({ ts }) => ts >= store.since());
  store.addMessages(wanted.map(messageText));
  if (moved.devices !== undefined) devices.take(shard, interests, moved.devices, wanted);
  // The shard may have told of more meanwhile, and all may be sent anew.
  const held = store.shards().find((one) => one.shard === shard);
  const isAnew = held !== undefined && held.seq !== seq;
  store.putShard({
    shard,
    seq: isAnew ? held.seq : moved.seq,
    head: Math.max(held?.head ?? head, moved.head),
    messages: came.at(-1)?.number ?? messages,
    goesOn: moved.goesOn === true,
    devices: moved.devices?.seq,
  });
}

/** Source: MSC4203. */
function messageText({ type, sender, content, userId, deviceId }: DeviceMessage): string {
  const head = JSON.stringify({ type, sender, to_user_id: userId, to_device_id: deviceId });
  return `${head.slice(0, -1)},"content":${content}}`;
}
