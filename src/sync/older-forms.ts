import { isJsonObject, type JsonObject, type JsonValue } from '../matrix/json/json-value.ts';
import { readSyncFilter, type SyncFilter } from './sync-filter.ts';
import { sync, type SyncDeps, type SyncInput } from './sync.ts';
import { formatSyncToken, type SyncToken } from './token.ts';

type Reader = Pick<SyncInput, 'userId' | 'deviceId'>;

/** Rooms that have more than this to tell since a token are told with a gap. */
const MAX_EVENTS = 100;

/**
 * All rooms of a user, in the form of before there was `/sync`. Whether a room is published is not told, for it would be
 * asked of D1 for each. Source: Client-Server API, `GET /initialSync`.
 */
export async function initialSync(
  deps: SyncDeps,
  input: Reader & { readonly limit: number; readonly archived: boolean },
): Promise<JsonObject> {
  const room = { timeline: { limit: input.limit }, include_leave: input.archived };
  const body = await parsedSync(deps, { ...once(input, readSyncFilter({ room })), useStateAfter: true });
  const end = body['next_batch'] as string;
  const { join, leave, invite } = sectionsOf(body);
  const { userId } = input;
  return {
    end,
    presence: eventsOf(body['presence']),
    account_data: eventsOf(body['account_data']),
    rooms: [
      ...join.map(([id, told]) => ({ ...roomInfo(id, told, end), membership: 'join' })),
      ...leave.map(([id, told]) => ({ ...roomInfo(id, told, end), membership: membershipIn(told, userId) })),
      ...invite.map(([id, told]) => ({ room_id: id, membership: 'invite', invite: ownInvite(id, told, userId) })),
    ],
  };
}

function roomInfo(roomId: string, told: JsonObject, end: string): JsonObject {
  const timeline = told['timeline'] as JsonObject;
  const { prev_batch: start } = timeline;
  return {
    room_id: roomId,
    messages: {
      ...(start === undefined ? {} : { start }),
      end,
      chunk: eventsOf(timeline).map((event) => ({ ...event, room_id: roomId })),
    },
    state: eventsOf(told['state_after']).map((event) => ({ ...event, room_id: roomId })),
    account_data: eventsOf(told['account_data']),
  };
}

/** Who is out of a room has left it or was banned. */
function membershipIn(told: JsonObject, userId: string): JsonValue {
  return ownMember(eventsOf(told['state_after']), userId)?.['membership'] === 'ban' ? 'ban' : 'leave';
}

function ownMember(events: readonly JsonObject[], userId: string): JsonObject | undefined {
  const member = events.find((event) => event['type'] === 'm.room.member' && event['state_key'] === userId);
  return member?.['content'] as JsonObject | undefined;
}

function ownInvite(roomId: string, told: JsonObject, userId: string): JsonObject {
  const event = eventsOf(told['invite_state']).find(
    ({ type, state_key: stateKey }) => type === 'm.room.member' && stateKey === userId,
  );
  return { ...event, room_id: roomId };
}

/**
 * What came for a user after a token, or from now on, in the form of before there was `/sync`: events of rooms, who is
 * present, who types and what was read, in one list. Source: Client-Server API, `GET /events`.
 */
export async function eventStream(
  deps: SyncDeps,
  input: Reader & { readonly from: SyncToken | undefined; readonly timeoutMs: number },
): Promise<JsonObject> {
  const start = input.from ?? (await here(deps, input));
  const filter = readSyncFilter({ room: { timeline: { limit: MAX_EVENTS } } });
  const body = await parsedSync(deps, { ...once(input, filter), since: start, timeoutMs: input.timeoutMs });
  const { join, leave, invite } = sectionsOf(body);
  const chunk = [
    ...eventsOf(body['presence']),
    ...[...join, ...leave].flatMap(([roomId, told]) =>
      ['state', 'timeline', 'ephemeral'].flatMap((part) =>
        eventsOf(told[part]).map((event) => ({ ...event, room_id: roomId })),
      ),
    ),
    ...invite.map(([roomId, told]) => ownInvite(roomId, told, input.userId)),
  ];
  return { start: formatSyncToken(start), end: body['next_batch'] as string, chunk };
}

/** The newest token: no room is read for it. */
async function here(deps: SyncDeps, reader: Reader): Promise<SyncToken> {
  const { seq } = await deps.shard.plan({
    ...reader,
    toDevice: undefined,
    since: undefined,
    owedSince: undefined,
    fullState: false,
    includeLeave: false,
    presence: undefined,
  });
  return { epoch: deps.epoch, seq, toDevice: 0, owedSince: undefined };
}

async function parsedSync(deps: SyncDeps, input: SyncInput): Promise<JsonObject> {
  return JSON.parse(await sync(deps, input)) as JsonObject;
}

function once({ userId, deviceId }: Reader, filter: SyncFilter): SyncInput {
  return {
    userId,
    deviceId,
    since: undefined,
    timeoutMs: 0,
    fullState: false,
    useStateAfter: false,
    tellsToDevice: false,
    setPresence: 'online',
    filter,
  };
}

type Rooms = readonly (readonly [string, JsonObject])[];

function sectionsOf(body: JsonObject): { readonly join: Rooms; readonly leave: Rooms; readonly invite: Rooms } {
  const rooms = objectOf(body['rooms']);
  const section = (name: string) => Object.entries(objectOf(rooms[name])) as unknown as Rooms;
  return { join: section('join'), leave: section('leave'), invite: section('invite') };
}

function eventsOf(section: JsonValue | undefined): readonly JsonObject[] {
  const { events } = objectOf(section);
  return (events ?? []) as readonly JsonObject[];
}

const objectOf = (value: JsonValue | undefined): JsonObject => (isJsonObject(value) ? value : {});
