import type { DeviceTracking } from './device-tracking.ts';
import type { DeviceMessage, Moves, MovesQuery, QueueStore, ShardCursor } from './ports.ts';
import type { Recipient } from './transactions.ts';

/** Messages to devices that are taken over ahead of what is sent: two transactions of them. */
const MAX_MESSAGES_AHEAD = 200;

export interface ShardLogDeps {
  readonly store: QueueStore;
  readonly moves: (shard: string, query: MovesQuery) => Promise<Moves>;
  readonly now: () => number;
}

/** Looks into what the shards have that was not looked into yet; one that does not answer is asked the next time. */
export async function lookThroughLogs(
  deps: ShardLogDeps,
  recipient: Recipient,
  devices: DeviceTracking,
): Promise<void> {
  for (const cursor of deps.store.shards()) {
    const query = queryOf(deps.store, cursor, recipient);
    if (query === undefined) continue;
    const moved = await deps.moves(cursor.shard, query).catch(() => undefined);
    if (moved !== undefined) deps.store.transaction(() => take(deps, recipient, devices, cursor, moved));
  }
}

/** Whether something of a shard was not looked into. */
export function isBehind({ seq, head, goesOn, devices }: ShardCursor, tracksDevices: boolean): boolean {
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
