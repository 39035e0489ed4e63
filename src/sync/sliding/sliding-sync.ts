import { unknownPos } from '../../matrix/error.ts';
import type { UserId } from '../../matrix/ids/brands.ts';
import type { JsonObject } from '../../matrix/json/json-value.ts';
import type { SyncPlanQuery } from '../ports.ts';
import { tellDeviceLists, type DeviceListReader } from '../device-lists.ts';
import { tellExtensions, type ToldExtensions } from './tell-extensions.ts';
import type { SlidingPlan, SlidingPlanQuery, SlidingRooms, SlidingShard } from './ports.ts';
import { formatPos, type SlidingPos } from './pos.ts';
import { readRoom, type RoomPart, type RoomReader } from './read-room.ts';
import type { SlidingRequest } from './request.ts';

export interface SlidingInput extends RoomReader {
  /** `undefined`: a new connection, which is answered at once. */
  readonly pos: SlidingPos | undefined;
  readonly timeoutMs: number;
  readonly setPresence: 'online' | 'unavailable' | 'offline';
  readonly request: SlidingRequest;
}

export interface SlidingDeps {
  readonly shard: SlidingShard;
  readonly rooms: SlidingRooms;
  readonly deviceLists: DeviceListReader;
  readonly epoch: string;
  /** Milliseconds of a clock that moves while the Worker waits. */
  readonly now: () => number;
  /** 32 hexadecimal digits that were never there before. */
  readonly newId: () => string;
}

/** Rooms that are read at a time. */
const ROOMS_AT_ONCE = 64;

interface Draft {
  readonly plan: SlidingPlan;
  readonly parts: readonly RoomPart[];
  readonly extensions: ToldExtensions;
}

/**
 * One answer of sliding sync: at once where the connection is new or there is something to tell, else after at most the
 * timeout. What the client will know is kept before it is told; an answer without news keeps nothing and its `pos` is
 * the one that was given. Throws `M_UNKNOWN_POS`. Source: MSC4186.
 */
export async function slidingSync(deps: SlidingDeps, input: SlidingInput): Promise<JsonObject> {
  const { pos } = input;
  if (pos !== undefined && pos.token.epoch !== deps.epoch) throw unknownPos('The connection is of another time');
  const deadline = deps.now() + input.timeoutMs;
  const name = nameOf(input);
  const presence = shownBy(input);
  const request = deps.newId();
  let draft = await draftOf(deps, input, { request, isFirst: true });
  const isOver = (one: Draft) => pos === undefined || hasNews(one);
  while (!isOver(draft)) {
    const timeoutMs = deadline - deps.now();
    const isNews = timeoutMs > 0 && (await deps.shard.wait({ ...name, presence, after: draft.plan.seq, timeoutMs }));
    if (!isNews) return unchangedBody(deps, input, draft);
    draft = await draftOf(deps, input, { request, isFirst: false });
  }
  const { seq } = draft.plan;
  const given = await deps.shard.commit({
    ...name,
    request,
    pos: givenPos(pos),
    newConnection: deps.newId(),
    seq,
    accountSeq: input.request.extensions.accountData === undefined ? undefined : seq,
    rooms: [...draft.plan.stale, ...draft.parts.map(({ roomId, known: room }) => ({ roomId, room }))],
  });
  // The client has given this request up. If it looks at the answer all the same, it loses nothing by it.
  if (given === undefined) return unchangedBody(deps, input, draft);
  return bodyOf(draft, formatPos({ ...given, token: { epoch: deps.epoch, seq, toDevice: 0, owedSince: undefined } }));
}

/** The answer that tells nothing, and leaves the client where it was. */
function unchangedBody(deps: SlidingDeps, input: SlidingInput, { plan }: Draft): JsonObject {
  if (input.pos === undefined) throw unknownPos('A later request has taken the place of this one');
  const extensions = tellExtensions(
    { ...input, epoch: deps.epoch },
    { ...plan, accountData: [], typing: [], toDevice: [] },
    { parts: [], deviceLists: undefined },
  );
  return bodyOf({ plan, parts: [], extensions }, formatPos(input.pos));
}

function nameOf({ userId, deviceId, request: { connId } }: SlidingInput) {
  return { userId, deviceId, connId };
}

function shownBy({ setPresence, timeoutMs }: SlidingInput): SyncPlanQuery['presence'] {
  return setPresence === 'offline' ? undefined : { state: setPresence, holdMs: timeoutMs };
}

function givenPos(pos: SlidingPos | undefined) {
  return pos === undefined ? undefined : { connection: pos.connection, generation: pos.generation };
}

function hasNews({ parts, extensions }: Draft): boolean {
  return parts.some(({ result }) => result !== undefined) || extensions.isNews;
}

/**
 * `txn_id` of a request is passed over: a client that is given it back takes its lists and extensions for kept here, as
 * an older draft had it, and sends only what it changes.
 */
function bodyOf({ plan, parts, extensions }: Draft, pos: string): JsonObject {
  const rooms = parts.flatMap(({ roomId, result }) => (result === undefined ? [] : [[roomId, result] as const]));
  return {
    pos,
    lists: plan.lists,
    rooms: Object.fromEntries(rooms),
    extensions: extensions.body,
  };
}

async function draftOf(
  deps: SlidingDeps,
  input: SlidingInput,
  asked: { readonly request: string; readonly isFirst: boolean },
): Promise<Draft> {
  const { request, userId } = input;
  const { accountData, receipts, typing, e2ee } = request.extensions;
  const plan = await deps.shard.plan({
    ...nameOf(input),
    ...asked,
    presence: shownBy(input),
    pos: givenPos(input.pos),
    lists: await listsOf(deps, userId, request.lists),
    subscriptions: request.subscriptions,
    extensions: { accountData, receipts, typing },
    deviceLists: e2ee,
    toDevice: wantedMessages(deps, input),
  });
  const parts: RoomPart[] = [];
  for (let at = 0; at < plan.rooms.length; at += ROOMS_AT_ONCE) {
    const batch = plan.rooms.slice(at, at + ROOMS_AT_ONCE);
    const read = await Promise.all(batch.map((room) => readRoom(deps.rooms, input, plan, room)));
    parts.push(...read.filter((part) => part !== undefined));
  }
  const deviceLists = await tellDeviceLists(deps.deviceLists, userId, plan.deviceLists);
  const extensions = tellExtensions({ ...input, epoch: deps.epoch }, plan, { parts, deviceLists });
  return { plan, parts, extensions };
}

function wantedMessages({ epoch }: SlidingDeps, { deviceId, request }: SlidingInput): SlidingPlanQuery['toDevice'] {
  const { toDevice } = request.extensions;
  if (toDevice === undefined || deviceId === '') return undefined;
  const { since, limit } = toDevice;
  return { after: since?.epoch === epoch ? since.seq : 0, limit };
}

/** What is in a space is asked of the space. Source: MSC4186, `SlidingRoomFilter`, `spaces`. */
async function listsOf({ rooms, shard }: SlidingDeps, userId: UserId, lists: SlidingRequest['lists']) {
  const roomIds = [...new Set(lists.flatMap(({ spaces = [] }) => spaces))];
  const asked = roomIds.length === 0 ? [] : await shard.joined({ userId, roomIds });
  const children = new Map(
    await Promise.all(asked.map(async (roomId) => [roomId, await rooms.spaceChildren({ roomId, userId })] as const)),
  );
  return lists.map(({ spaces, filter, ...list }) => ({
    ...list,
    filter: spaces === undefined ? filter : { ...filter, among: spaces.flatMap((space) => children.get(space) ?? []) },
  }));
}
