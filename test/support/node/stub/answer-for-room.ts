import { splitStateTuple } from '../../../../src/matrix/event/state-map.ts';
import type { EventId, UserId } from '../../../../src/matrix/ids/brands.ts';
import { canonicalJson } from '../../../../src/matrix/json/canonical-json.ts';
import type { JsonObject } from '../../../../src/matrix/json/json-value.ts';
import type { StubHandler, StubReply, StubRequest } from './stub-network.ts';
import type { StubEvent, StubRoom } from './stub-room.ts';

const federation = '/_matrix/federation';

/**
 * What the servers of a room answer for it: the handshake of a join, its state, its events. The state at
 * an event is the one that the room had when it was put together or, after that, the one that it has now.
 */
export function answerForRoom(room: StubRoom): StubHandler {
  const state = new Map(room.state());
  const isMember = (tuple: string) =>
    splitStateTuple(tuple as Parameters<typeof splitStateTuple>[0]).type === 'm.room.member';
  const whole = [...state.values()];
  const older = room.eventIds();
  const stateAt = ({ query }: StubRequest) =>
    older.has(query.get('event_id') ?? '') ? whole : [...room.state().values()];
  const withoutMembers = [...state].filter(([tuple]) => !isMember(tuple)).map(([, id]) => id);
  const chain = [...withoutMembers, room.stateEventId('m.room.member', room.members[0]?.userId ?? '')].filter(
    (id) => id !== undefined,
  );
  const texts = (ids: readonly EventId[]) => ids.map((id) => room.event(id)).filter((event) => event !== undefined);
  const answers: readonly (readonly [
    RegExp,
    (match: RegExpExecArray, request: StubRequest) => StubReply | undefined,
  ])[] = [
    [new RegExp(`^${federation}/v1/make_join/([^/]+)/(.+)$`), ([, , userId]) => template(room, userId as UserId)],
    [
      new RegExp(`^${federation}/v2/send_join/([^/]+)/(.+)$`),
      (_match, { server, body = {}, query }) => {
        const join = room.take(body);
        const omits = query.get('omit_members') === 'true';
        return joinAnswer({
          origin: server.name,
          join,
          servers: room.servers.map(({ name }) => name),
          omits,
          state: texts(omits ? withoutMembers : whole),
          chain: texts(chain),
        });
      },
    ],
    [
      new RegExp(`^${federation}/v1/state_ids/([^/]+)$`),
      (_match, request) => JSON.stringify({ pdu_ids: stateAt(request), auth_chain_ids: chain }),
    ],
    [
      new RegExp(`^${federation}/v1/state/([^/]+)$`),
      (_match, request) => lists({ pdus: texts(stateAt(request)), auth_chain: texts(chain) }),
    ],
    [new RegExp(`^${federation}/v1/event_auth/([^/]+)/(.+)$`), () => lists({ auth_chain: texts(chain) })],
    [
      new RegExp(`^${federation}/v1/event/(.+)$`),
      ([, id = ''], { server }) => {
        const event = room.event(id);
        return event && `{"origin":${JSON.stringify(server.name)},"origin_server_ts":1,"pdus":[${event.text}]}`;
      },
    ],
    [
      new RegExp(`^${federation}/v1/backfill/([^/]+)$`),
      (_match, { server, query }) => {
        const found = below(room, query.getAll('v'), Number(query.get('limit')));
        const pdus = found.map(({ text }) => text).join(',');
        return `{"origin":${JSON.stringify(server.name)},"origin_server_ts":1,"pdus":[${pdus}]}`;
      },
    ],
    [
      new RegExp(`^${federation}/v1/get_missing_events/([^/]+)$`),
      (_match, { body = {} }) =>
        `{"events":[${missing(room, body)
          .map(({ text }) => text)
          .join(',')}]}`,
    ],
  ];
  return (request) => {
    for (const [pattern, answer] of answers) {
      const match = pattern.exec(request.path);
      if (match === null) continue;
      // Events are found by their ID alone, whichever room is asked for them.
      if (match[1]?.startsWith('!') && match[1] !== room.roomId) continue;
      return answer(match, request);
    }
    return undefined;
  };
}

function template(room: StubRoom, userId: UserId): string {
  const content = { membership: 'join' };
  const event: JsonObject = {
    type: 'm.room.member',
    room_id: room.roomId,
    sender: userId,
    state_key: userId,
    content,
    prev_events: [room.newest.eventId],
    auth_events: room.authEventsOf({ type: 'm.room.member', sender: userId, stateKey: userId, content }),
    depth: room.newest.depth + 1,
    origin_server_ts: Date.now(),
  };
  return canonicalJson({ room_version: room.rules.id, event });
}

function* joinAnswer(parts: {
  readonly origin: string;
  readonly join: StubEvent;
  readonly servers: readonly string[];
  readonly omits: boolean;
  readonly state: readonly StubEvent[];
  readonly chain: readonly StubEvent[];
}): Generator<string, void> {
  const { origin, join, servers, omits, state, chain } = parts;
  yield `{"origin":${JSON.stringify(origin)},"event":${join.text},"members_omitted":${omits},`;
  yield `"servers_in_room":${JSON.stringify(servers)},"auth_chain":`;
  yield* list(chain);
  yield ',"state":';
  yield* list(state);
  yield '}';
}

function* lists(parts: Readonly<Record<string, readonly StubEvent[]>>): Generator<string, void> {
  let separator = '{';
  for (const [key, events] of Object.entries(parts)) {
    yield `${separator}"${key}":`;
    yield* list(events);
    separator = ',';
  }
  yield '}';
}

function* list(events: readonly StubEvent[]): Generator<string, void> {
  yield '[';
  let separator = '';
  for (const { text } of events) {
    yield separator + text;
    separator = ',';
  }
  yield ']';
}

/** Those before the latest and after the earliest events, the oldest first. */
function missing(room: StubRoom, body: JsonObject): readonly StubEvent[] {
  const { earliest_events: earliest = [], latest_events: latest = [], limit = 10 } = body;
  const before = (latest as string[]).flatMap((id) => room.event(id)?.prevEvents ?? []);
  return below(room, before, Number(limit), new Set(earliest as string[])).toReversed();
}

/** Events by breadth from these on, these included, as `/backfill` gives them. */
function below(
  room: StubRoom,
  from: readonly string[],
  limit: number,
  end: ReadonlySet<string> = new Set(),
): readonly StubEvent[] {
  const found = new Map<string, StubEvent>();
  const open = [...from];
  for (let id = open.shift(); id !== undefined && found.size < limit; id = open.shift()) {
    const event = room.event(id);
    if (event === undefined || found.has(id) || end.has(id)) continue;
    found.set(id, event);
    open.push(...event.prevEvents);
  }
  return [...found.values()];
}
