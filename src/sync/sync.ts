import { passesFilter } from '../matrix/event/event-filter.ts';
import type { RoomId, UserId } from '../matrix/ids/brands.ts';
import type { JsonObject } from '../matrix/json/json-value.ts';
import { rulesInRoom } from '../matrix/push-rules/rules-in-room.ts';
import type {
  AccountDataEvent,
  KeyCounts,
  PlannedRoom,
  SyncPlan,
  SyncRoomAnswer,
  SyncRooms,
  SyncShard,
} from './ports.ts';
import { tellDeviceLists, type DeviceListReader } from './device-lists.ts';
import { strippedState } from './invites.ts';
import { presenceContent } from './presence-content.ts';
import { toDeviceEvent } from './to-device-event.ts';
import { Sections, type ToldRoom } from './sections.ts';
import type { SyncFilter } from './sync-filter.ts';
import { formatSyncToken, type SyncToken } from './token.ts';

export interface SyncInput {
  readonly userId: UserId;
  readonly deviceId: string;
  /** `undefined`: an initial sync. */
  readonly since: SyncToken | undefined;
  readonly timeoutMs: number;
  readonly fullState: boolean;
  /** Since version 1.16: `state_after` instead of `state`. */
  readonly useStateAfter: boolean;
  /** Whether messages to the device are told, and those received that came with `since`. */
  readonly tellsToDevice: boolean;
  readonly setPresence: 'online' | 'unavailable' | 'offline';
  readonly filter: SyncFilter;
}

export interface SyncDeps {
  readonly shard: SyncShard;
  readonly rooms: SyncRooms;
  readonly deviceLists: DeviceListReader;
  readonly epoch: string;
  /** Milliseconds of a clock that moves while the Worker waits. */
  readonly now: () => number;
}

/** Rooms that are read at a time. */
const ROOMS_AT_ONCE = 64;

/**
 * One answer of `GET /sync`: at once where there is something new, else after at most the timeout, and never an error
 * for want of news. All positions are taken in one turn of the shard, then each room is read up to its position.
 * @returns JSON text: what the rooms gave is in it as they wrote it.
 * Source: Client-Server API, "Syncing".
 */
export async function sync(deps: SyncDeps, input: SyncInput): Promise<string> {
  const since = input.since?.epoch === deps.epoch ? input.since : undefined;
  const deadline = deps.now() + input.timeoutMs;
  const query = {
    userId: input.userId,
    deviceId: input.deviceId,
    toDevice: receivedThrough(input, since),
    since: since?.seq,
    hasLostToken: input.since !== undefined && since === undefined,
    owedSince: since?.owedSince,
    fullState: input.fullState,
    includeLeave: input.filter.includeLeave,
    presence: input.setPresence === 'offline' ? undefined : { state: input.setPresence, holdMs: input.timeoutMs },
  };
  if (since === undefined || since.owedSince !== undefined || input.fullState || input.timeoutMs <= 0) {
    const { body } = await assemble(deps, input, await deps.shard.plan(query), since);
    return body;
  }
  // Of a poll with news the shard is asked once; what was found not to be worth an answer is waited past.
  let body: string | undefined;
  for (let after = since.seq, left = input.timeoutMs; left > 0; left = deadline - deps.now()) {
    const plan = await deps.shard.wait({ ...query, after, timeoutMs: left });
    if (plan === undefined) break;
    const answer = await assemble(deps, input, plan, since);
    if (!answer.isEmpty) return answer.body;
    ({ body } = answer);
    after = plan.seq;
  }
  return body ?? nothing(since, await deps.shard.keyCounts(input));
}

/** Up to where the device has received its messages. */
function receivedThrough({ tellsToDevice }: SyncInput, since: SyncToken | undefined): number | undefined {
  return tellsToDevice ? (since?.toDevice ?? 0) : undefined;
}

interface Answer {
  /** JSON text of an object. */
  readonly body: string;
  readonly isEmpty: boolean;
}

async function assemble(
  deps: SyncDeps,
  input: SyncInput,
  plan: SyncPlan,
  since: SyncToken | undefined,
): Promise<Answer> {
  const { accountData } = plan;
  const deviceLists = await tellDeviceLists(deps.deviceLists, input.userId, plan.deviceLists);
  const wanted = plan.rooms.filter(({ roomId }) => isWantedRoom(input.filter, roomId));
  const sections = new Sections({
    unreadByThread: input.filter.unreadByThread,
    eventFields: input.filter.eventFields,
    useStateAfter: input.useStateAfter,
  });
  for (let at = 0; at < wanted.length; at += ROOMS_AT_ONCE) {
    const batch = wanted.slice(at, at + ROOMS_AT_ONCE);
    await Promise.all(batch.map((room) => readRoom(deps, input, { ...plan, room }, sections)));
  }
  addTyping(input, plan, sections);
  for (const event of accountData) if (isWantedOfRoom(input, event)) sections.accountData(event);
  const global = globalAccountData(input, accountData);
  const next = nextToken(deps, plan, since, sections.isOwed);
  const rooms = sections.toText();
  const presence = presenceEvents(input, plan, deps.now());
  const toDevice = (plan.toDevice ?? []).map(toDeviceEvent);
  return {
    isEmpty:
      rooms === undefined &&
      deviceLists === undefined &&
      global.length + presence.length + toDevice.length === 0 &&
      since?.owedSince === undefined,
    body: withRooms(rooms, {
      next_batch: formatSyncToken(next),
      ...(global.length === 0 ? {} : { account_data: { events: global } }),
      ...(presence.length === 0 ? {} : { presence: { events: presence } }),
      ...(toDevice.length === 0 ? {} : { to_device: { events: toDevice } }),
      ...keyFields(plan.keys),
      ...(deviceLists === undefined ? {} : { device_lists: { ...deviceLists } }),
    }),
  };
}

function withRooms(rooms: string | undefined, body: JsonObject): string {
  const text = JSON.stringify(body);
  return rooms === undefined ? text : `${text.slice(0, -1)},"rooms":${rooms}}`;
}

function nextToken(
  { epoch }: SyncDeps,
  { seq, toDevice }: SyncPlan,
  since: SyncToken | undefined,
  isOwed: boolean,
): SyncToken {
  const told = toDevice?.at(-1)?.seq ?? since?.toDevice ?? 0;
  return { epoch, seq, toDevice: told, owedSince: isOwed ? (since?.seq ?? 0) : undefined };
}

/** The answer when nothing came: the token stays as it was. */
function nothing(since: SyncToken, keys: KeyCounts): string {
  return JSON.stringify({ next_batch: formatSyncToken(since), ...keyFields(keys) });
}

/** Source: Client-Server API, "Extensions to /sync" of end-to-end encryption. */
function keyFields({ oneTimeKeys, unusedFallbackKeys }: KeyCounts): JsonObject {
  return { device_one_time_keys_count: oneTimeKeys, device_unused_fallback_key_types: unusedFallbackKeys };
}

/** Of ignored users nothing is told. */
function presenceEvents({ filter }: SyncInput, plan: SyncPlan, now: number): readonly JsonObject[] {
  return plan.presence
    .filter(({ userId }) => !plan.ignoredUsers.includes(userId))
    .map((seen) => ({ type: 'm.presence', sender: seen.userId, content: presenceContent(seen, now) }))
    .filter((event) => passesFilter(filter.presence, event));
}

function addTyping(input: SyncInput, plan: SyncPlan, sections: Sections): void {
  for (const { roomId, userIds } of plan.typing) {
    if (!isWantedRoom(input.filter, roomId) || !isWantedEphemeral(input, roomId, 'm.typing')) continue;
    const shown = userIds.filter((userId) => !plan.ignoredUsers.includes(userId));
    sections.ephemeral(roomId, { type: 'm.typing', content: { user_ids: shown } });
  }
}

/** Ephemeral events have no sender: a filter of senders is asked about the reader. */
function isWantedEphemeral({ userId, filter }: SyncInput, roomId: RoomId, type: string): boolean {
  return passesFilter(filter.ephemeral(roomId), { type, sender: userId, content: {} });
}

function isWantedOfRoom({ userId, filter }: SyncInput, { roomId, type }: AccountDataEvent): boolean {
  const room = roomId as RoomId;
  return (
    roomId !== '' &&
    isWantedRoom(filter, room) &&
    passesFilter(filter.roomAccountData(room), { type, sender: userId, content: {} })
  );
}

function globalAccountData({ userId, filter }: SyncInput, events: readonly AccountDataEvent[]): readonly JsonObject[] {
  return events
    .filter(
      ({ roomId, type }) => roomId === '' && passesFilter(filter.accountData, { type, sender: userId, content: {} }),
    )
    .map(({ type, content }) => ({ type, content }));
}

function isWantedRoom({ rooms, notRooms }: SyncFilter, roomId: RoomId): boolean {
  return (rooms === undefined || rooms.includes(roomId)) && !notRooms.includes(roomId);
}

async function readRoom(
  deps: SyncDeps,
  input: SyncInput,
  {
    room,
    ignoredUsers,
    blocksInvites,
    pushRules,
  }: Pick<SyncPlan, 'ignoredUsers' | 'blocksInvites' | 'pushRules'> & { readonly room: PlannedRoom },
  sections: Sections,
): Promise<void> {
  const { roomId, membership } = room;
  const { userId, filter } = input;
  if (membership === 'invite' || membership === 'knock') {
    const events = await strippedState(deps.rooms, room, { userId, ignoredUsers, blocksInvites });
    if (events !== undefined) sections.stripped(membership, roomId, events);
    return;
  }
  const rules = pushRules === undefined ? undefined : rulesInRoom(pushRules, roomId);
  const answer = await deps.rooms.readSync({
    roomId,
    userId,
    scope: `${userId}/${input.deviceId}`,
    from: room.from,
    to: room.to,
    ...(room.owedFrom === undefined ? {} : { owedFrom: room.owedFrom }),
    timelineLimit: filter.timelineLimit,
    timelineFilter: filter.timeline(roomId),
    stateFilter: filter.state(roomId),
    lazyLoadMembers: filter.lazyLoadMembers,
    fullState: input.fullState,
    stateAfter: input.useStateAfter,
    isRaw: filter.isRaw,
    ignoredUsers,
    ...(rules === undefined ? {} : { pushRules: rules }),
  });
  const section = membership === 'join' ? 'join' : 'leave';
  if (answer === undefined) sections.unreadable(section, roomId);
  else sections.room(section, roomId, toldOf(input, roomId, answer));
}

function toldOf(input: SyncInput, roomId: RoomId, answer: SyncRoomAnswer): ToldRoom {
  const { limited, timeline, state, owed, receipts } = answer;
  const told = isWantedEphemeral(input, roomId, 'm.receipt') ? receipts : undefined;
  // With the user's own receipts the unread counts change, whether they want to see receipts or not.
  const isReceived = told !== undefined || isAboutUser(receipts, input.userId);
  return { answer, receipts: told, isEmpty: !limited && !owed && !isReceived && timeline.length + state.length === 0 };
}

/** Whether a receipt of the user is in the content of an `m.receipt` event. */
function isAboutUser(receipts: JsonObject | undefined, userId: UserId): boolean {
  return Object.values(receipts ?? {}).some((types) =>
    Object.values(types as JsonObject).some((users) => Object.hasOwn(users as JsonObject, userId)),
  );
}
