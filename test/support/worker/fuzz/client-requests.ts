import type { Random } from '../../simulator/random.ts';
import { jsonText, mutated, oddBody, oddSegment, oddString, percentEncoded } from './odd-values.ts';

/** What requests may name rightly, so that they come further than the first check. */
export interface ClientWorld {
  readonly userId: string;
  readonly otherId: string;
  readonly token: string;
  readonly deviceId: string;
  readonly roomIds: readonly string[];
  readonly eventIds: readonly string[];
  readonly alias: string;
  readonly filterId: string;
  readonly since: string;
  /** Of a file of JSON. */
  readonly mediaId: string;
}

export interface ClientRequest {
  readonly method: string;
  /** Path and query as they are sent. */
  readonly target: string;
  readonly body: string | undefined;
  readonly headers: Record<string, string>;
}

type Template = (world: ClientWorld, random: Random) => unknown;

const reason: Template = () => ({ reason: 'why' });
const target: Template = ({ otherId }) => ({ user_id: otherId, reason: 'why' });
const content: Template = (world, random) =>
  random.pick([
    { msgtype: 'm.text', body: 'hello', 'm.relates_to': { rel_type: 'm.annotation', event_id: '$x', key: 'k' } },
    { name: 'a name' },
    { membership: 'join', displayname: 'me' },
    { users: { [world.userId]: 100, [world.otherId]: 50 }, events_default: 0, state_default: 50, ban: 50 },
    { redacts: world.eventIds[0] },
    { alias: world.alias, alt_aliases: [world.alias] },
    { allow: ['*'], deny: [] },
    { history_visibility: 'shared' },
    { join_rule: 'public' },
    { 'm.mentions': { user_ids: [world.otherId], room: true } },
  ]);
const auth: Template = ({ userId }) => ({
  auth: { type: 'm.login.password', identifier: { type: 'm.id.user', user: userId }, password: 'wrong', session: 's' },
});

/** Right bodies, by method and the path below `/_matrix/client/`; what is left out is `{}`. */
const BODIES: Readonly<Record<string, Template>> = {
  'POST v3/register': (_world, random) => ({
    username: `fuzz${random.below(1_000_000)}`,
    password: 'a password',
    device_id: 'DEVICE',
    initial_device_display_name: 'phone',
    inhibit_login: false,
    refresh_token: true,
    auth: { type: 'm.login.dummy' },
  }),
  'POST v3/login': ({ userId }) => ({
    type: 'm.login.password',
    identifier: { type: 'm.id.user', user: userId },
    password: 'correct horse',
    device_id: 'OTHER',
    initial_device_display_name: 'phone',
    refresh_token: true,
  }),
  'POST v3/refresh': ({ token }) => ({ refresh_token: token }),
  'PUT v3/devices/:deviceId': () => ({ display_name: 'phone' }),
  'DELETE v3/devices/:deviceId': auth,
  'POST v3/delete_devices': (world, random) => ({ devices: [world.deviceId], ...(auth(world, random) as object) }),
  'POST v3/account/password': (world, random) => ({
    new_password: 'new password',
    logout_devices: true,
    ...(auth(world, random) as object),
  }),
  'POST v3/account/deactivate': auth,
  'PUT v3/profile/:userId/:field': () => ({ displayname: 'My name', avatar_url: 'mxc://eyrie.test/abc' }),
  'PUT v3/user/:userId/account_data/:type': content,
  'PUT v3/user/:userId/rooms/:roomId/account_data/:type': content,
  'POST v3/user/:userId/filter': ({ roomIds }) => ({
    room: { timeline: { limit: 5, types: ['m.*'] }, state: { lazy_load_members: true }, rooms: [...roomIds] },
    account_data: { not_types: ['x'] },
    event_format: 'client',
    event_fields: ['content.body'],
  }),
  'POST v3/createRoom': ({ otherId, userId }, random) => ({
    preset: 'public_chat',
    visibility: 'private',
    room_alias_name: `alias${random.below(1_000_000)}`,
    name: 'name',
    topic: 'topic',
    invite: [otherId],
    room_version: random.pick(['1', '3', '10', '11', '12']),
    creation_content: { 'm.federate': true },
    initial_state: [{ type: 'm.room.guest_access', state_key: '', content: { guest_access: 'forbidden' } }],
    is_direct: true,
    power_level_content_override: { users: { [userId]: 100 } },
  }),
  'POST v3/publicRooms': (_world, random) => ({
    limit: random.pick([0, 1, 10]),
    since: random.pick(['f1_!room:eyrie.test', 'b2_!room:eyrie.test', '']),
    filter: { generic_search_term: random.pick(['name', '%', '\u0000']), room_types: [null, 'm.space'] },
    include_all_networks: random.chance(0.5),
    third_party_instance_id: random.pick(['', 'irc']),
  }),
  'POST v3/join/:roomIdOrAlias': reason,
  'POST v3/rooms/:roomId/join': reason,
  'POST v3/rooms/:roomId/leave': reason,
  'POST v3/rooms/:roomId/invite': target,
  'POST v3/rooms/:roomId/kick': target,
  'POST v3/rooms/:roomId/ban': target,
  'POST v3/rooms/:roomId/unban': target,
  'PUT v3/rooms/:roomId/send/:eventType/:txnId': content,
  'PUT v3/rooms/:roomId/redact/:eventId/:txnId': reason,
  'PUT v3/rooms/:roomId/state/:eventType': content,
  'PUT v3/rooms/:roomId/state/:eventType/': content,
  'PUT v3/rooms/:roomId/state/:eventType/:stateKey': content,
  'PUT v3/directory/room/:roomAlias': ({ roomIds }) => ({ room_id: roomIds[0] }),
  'PUT v3/directory/list/room/:roomId': () => ({ visibility: 'public' }),
  'PUT v3/pushrules/global/:kind/:ruleId': () => ({
    actions: ['notify', { set_tweak: 'sound', value: 'default' }],
    conditions: [{ kind: 'event_match', key: 'type', pattern: 'm.*' }],
    pattern: 'cake',
  }),
  'PUT v3/pushrules/global/:kind/:ruleId/enabled': () => ({ enabled: false }),
  'PUT v3/pushrules/global/:kind/:ruleId/actions': () => ({ actions: ['notify', { set_tweak: 'highlight' }] }),
  'PUT v3/rooms/:roomId/typing/:userId': () => ({ typing: true, timeout: 10_000 }),
  'POST v3/rooms/:roomId/receipt/:receiptType/:eventId': () => ({ thread_id: 'main' }),
  'POST v3/rooms/:roomId/read_markers': ({ eventIds }) => ({
    'm.fully_read': eventIds[0],
    'm.read': eventIds[1],
    'm.read.private': eventIds[0],
  }),
};

const EVENT_TYPES = [
  'm.room.message',
  'm.room.member',
  'm.room.power_levels',
  'm.room.create',
  'm.room.redaction',
  'm.room.canonical_alias',
  'm.room.server_acl',
  'm.room.name',
  'm.room.join_rules',
  'm.room.history_visibility',
  'm.room.aliases',
  'm.room.third_party_invite',
];

type Values = (world: ClientWorld) => readonly string[];

const PARAMS: Readonly<Record<string, Values>> = {
  userId: ({ userId, otherId }) => [userId, userId, userId, otherId, '@nobody:eyrie.test', '@far:other.test'],
  roomId: ({ roomIds }) => [...roomIds, ...roomIds, '!nowhere:eyrie.test', '!far:other.test'],
  roomIdOrAlias: ({ roomIds, alias }) => [...roomIds, alias, '#none:eyrie.test', '#far:other.test', '!far:other.test'],
  roomAlias: ({ alias }) => [alias, '#new:eyrie.test', '#far:other.test'],
  eventId: ({ eventIds }) => [...eventIds, '$Rqnc-F-dvnEYJTyHq_iKxU2bZ1CI92-kuZq3a5lr5Zg', '$old:eyrie.test'],
  eventType: () => EVENT_TYPES,
  type: () => ['m.direct', 'm.push_rules', 'm.fully_read', 'org.example.type', 'm.ignored_user_list'],
  stateKey: ({ userId, otherId }) => ['', 'key', userId, otherId, 'eyrie.test'],
  txnId: () => ['1', '2', 'm1234.5'],
  deviceId: ({ deviceId }) => [deviceId, 'NONE'],
  filterId: ({ filterId }) => [filterId, '0', '999'],
  field: () => ['displayname', 'avatar_url', 'm.tz'],
  receiptType: () => ['m.read', 'm.read.private', 'm.fully_read'],
  kind: () => ['override', 'underride', 'sender', 'room', 'content'],
  serverName: () => ['eyrie.test', 'eyrie.test', 'other.test'],
  mediaId: ({ mediaId }) => [mediaId, mediaId, 'nothing'],
  fileName: () => ['name.txt', 'naïve "name".html'],
  ruleId: ({ userId, roomIds }) => ['.m.rule.master', 'mine', userId, ...roomIds],
};

const QUERIES: Readonly<Record<string, Values>> = {
  access_token: ({ token }) => [token],
  after: () => ['mine'],
  at: ({ since }) => [since, 't5_0'],
  before: () => ['mine'],
  dir: () => ['b', 'f'],
  filter: ({ filterId, roomIds }) => [filterId, `{"rooms":["${roomIds[0]}"]}`, '{"room":{"timeline":{"limit":1}}}'],
  format: () => ['content', 'event'],
  from: ({ since }) => [since, 't5_0', 't1_-3'],
  full_state: () => ['true', 'false'],
  kind: () => ['user', 'guest'],
  limit: () => ['0', '1', '10', '1000000', '-5'],
  membership: () => ['join', 'leave', 'ban'],
  not_membership: () => ['join', 'invite'],
  server_name: () => ['eyrie.test', 'other.test'],
  server: () => ['eyrie.test', 'other.test'],
  set_presence: () => ['offline', 'online'],
  since: ({ since }) => [since],
  animated: () => ['true', 'false'],
  height: () => ['32', '96', '0', '-1', '100000'],
  method: () => ['crop', 'scale'],
  width: () => ['32', '96', '640', '1.5'],
  max_depth: () => ['0', '3', '99999999'],
  suggested_only: () => ['true', 'false'],
  ts: () => ['0', '1700000000000', '-1'],
  to: ({ since }) => [since, 't3_0'],
  timeout_ms: () => ['0', '100'],
  token: () => ['a-token'],
  username: () => ['somebody', 'UPPER'],
  via: () => ['eyrie.test', 'other.test'],
};

/** One request of a route, mostly right but for a few places. */
export function aClientRequest(
  random: Random,
  route: { readonly method: string; readonly path: string },
  world: ClientWorld,
): ClientRequest {
  const { method, path } = route;
  const filled = path.replaceAll(/:([A-Za-z]+)/g, (_all, name: string) => segment(random, PARAMS[name], world));
  return {
    method,
    target: `${filled}${query(random, world)}`,
    body: method === 'GET' ? undefined : body(random, route, world),
    headers: headers(random, world),
  };
}

function segment(random: Random, values: Values | undefined, world: ClientWorld): string {
  if (random.chance(0.15)) return oddSegment(random);
  if (values === undefined || random.chance(0.05)) return percentEncoded(oddString(random)).slice(0, 4_000);
  return percentEncoded(random.pick(values(world)));
}

/** No timeout of a sync: it would be waited for. */
function query(random: Random, world: ClientWorld): string {
  const names = Object.keys(QUERIES).filter(() => random.chance(0.15));
  const pairs = names.map((name) => {
    const known = QUERIES[name]?.(world) ?? [];
    const value = random.chance(0.5) || known.length === 0 ? oddString(random).slice(0, 2_000) : random.pick(known);
    return `${name}=${random.chance(0.05) ? oddSegment(random).slice(0, 2_000) : percentEncoded(value)}`;
  });
  return pairs.length === 0 ? '' : `?${pairs.join('&')}`;
}

function body(random: Random, { method, path }: { method: string; path: string }, world: ClientWorld): string {
  if (random.chance(0.08)) return oddBody(random);
  const template = BODIES[`${method} ${path.replace('/_matrix/client/', '')}`]?.(world, random) ?? {};
  return jsonText(mutated(random, template, random.below(4)));
}

function headers(random: Random, { token }: ClientWorld): Record<string, string> {
  const authorization = random.chance(0.04)
    ? random.pick(['Bearer', 'Bearer x', 'Basic abc', 'Bearer eyrie_u1_x', `Bearer ${token}x`])
    : `Bearer ${token}`;
  const type = random.pick(['', 'application/json', 'text/plain', 'application/x-www-form-urlencoded', 'x']);
  return { authorization, ...(type === '' ? {} : { 'content-type': type }) };
}
