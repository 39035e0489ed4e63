// What another server makes of us, asked with our signature
import type { RoomId, ServerName, UserId } from '../../matrix/ids/brands.ts';
import { parseRoomId } from '../../matrix/ids/room-id.ts';
import { isJsonObject } from '../../matrix/json/json-value.ts';
import { supportedRoomVersions } from '../../matrix/room-versions/versions.ts';
import { describeFailure } from '../failure.ts';
import { getPublicRooms } from '../operations/get-public-rooms.ts';
import { makeJoin } from '../operations/make-join.ts';
import { queryProfile } from '../operations/query-profile.ts';
import { queryServerKeys } from '../operations/query-server-keys.ts';
import { sendTransaction } from '../operations/send-transaction.ts';
import { delivery } from './delivery-step.ts';
import { NOT_TRUSTED } from './not-trusted.ts';
import type { DiagnoseDeps } from './ports.ts';
import { failed, notExercised, ok, warning, type Finding, type Steps } from './step.ts';

/** What these steps look at, in their order. */
export const PEER_STEPS = {
  signed_request: 'our signature is accepted',
  transaction: 'an empty transaction of ours is taken',
  reached_us: 'it has the key that we sign with',
  delivery: 'an event that was sent to it comes back from it, the same',
  make_join: 'it prepares a join of one of its rooms for our user',
} as const;

export interface Dry {
  readonly server: ServerName;
  /** For whom a join is prepared. */
  readonly userId: UserId;
  /** `undefined`: a room that it publishes. */
  readonly roomId: RoomId | undefined;
}

export async function peerSteps(deps: DiagnoseDeps, steps: Steps, dry: Dry): Promise<void> {
  const { server } = dry;
  const looks: Readonly<Record<keyof typeof PEER_STEPS, () => Promise<Finding>>> = {
    signed_request: () => signedRequest(deps, server),
    transaction: () => transaction(deps, server),
    reached_us: () => reachedUs(deps, server),
    delivery: () => delivery(deps, server),
    make_join: () => dryJoin(deps, dry),
  };
  for (const name of Object.keys(PEER_STEPS) as (keyof typeof PEER_STEPS)[]) {
    await steps.take(name, PEER_STEPS[name], looks[name]);
  }
}

/** Of a user who is not there: what counts is who is told so. */
async function signedRequest({ client }: DiagnoseDeps, server: ServerName): Promise<Finding> {
  const asked = await queryProfile(client, { destination: server, userId: `@eyrie-diagnosis:${server}` as UserId });
  if (asked.ok) return ok('answered 200');
  const { reason } = asked;
  const seen = describeFailure(reason);
  if (reason.kind !== 'refused' || reason.status >= 500)
    return failed(seen, 'See what the server logs of the request.');
  if (reason.status === 401) return failed(seen, NOT_TRUSTED);
  if (reason.status === 404 && reason.errcode === 'M_NOT_FOUND') return ok(seen);
  if (reason.status === 404)
    return failed(seen, 'What answers there does not know the path: see that it is the homeserver.');
  return warning(seen, 'It knows who we are, and refuses us: its allow list, or a rule that hides profiles.');
}

async function transaction({ client, serverName, now, randomId }: DiagnoseDeps, server: ServerName): Promise<Finding> {
  const body = { origin: serverName, origin_server_ts: now(), pdus: [] };
  const sent = await sendTransaction(client, { destination: server, txnId: `diagnosis-${randomId()}`, body });
  if (sent.ok) return ok('taken');
  const isUnknown = sent.reason.kind === 'refused' && sent.reason.status === 401;
  return failed(describeFailure(sent.reason), isUnknown ? NOT_TRUSTED : 'Nothing that is said here reaches it.');
}

/** It answers as a notary from what it fetched, or fetches it now. */
async function reachedUs({ client, serverName, ownKeys }: DiagnoseDeps, server: ServerName): Promise<Finding> {
  const asked = await queryServerKeys(client, { destination: server, server: serverName });
  if (!asked.ok) return notExercised(`It tells no keys of others: ${describeFailure(asked.reason)}.`);
  const { current } = await ownKeys.published();
  const told = asked.value.flatMap(({ verify_keys: keys }) => (isJsonObject(keys) ? Object.entries(keys) : []));
  const known = current.filter(({ keyId, publicKey }) =>
    told.some(([id, key]) => id === keyId && isJsonObject(key) && key['key'] === publicKey),
  );
  const [key] = known;
  if (key !== undefined) return ok(`It has ${key.keyId}.`);
  const names = told.map(([id]) => id.slice(0, 100)).join(', ');
  return failed(names === '' ? 'It has no key of ours.' : `It has other keys of this name: ${names}.`, NOT_TRUSTED);
}

async function dryJoin({ client }: DiagnoseDeps, { server, userId, roomId: named }: Dry): Promise<Finding> {
  const roomId = named ?? (await publishedRoom(client, server));
  if (roomId === undefined) return notExercised('It publishes no room: name one (room_id).');
  const made = await makeJoin(client, { destination: server, roomId, userId, versions: supportedRoomVersions });
  if (made.ok) return ok(`${roomId} of version ${made.value.roomVersion ?? '1 or 2'}: prepared, and not sent`);
  const seen = `${roomId}: ${describeFailure(made.reason)}`;
  const isRefusal = made.reason.kind === 'refused' && made.reason.status < 500 && made.reason.status !== 401;
  return isRefusal && made.reason.errcode !== undefined && made.reason.errcode !== 'M_UNRECOGNIZED'
    ? warning(seen, 'The way is open, and this room does not let this user in.')
    : failed(seen, 'None of our users can join rooms over it.');
}

async function publishedRoom(client: DiagnoseDeps['client'], server: ServerName): Promise<RoomId | undefined> {
  const query = { limit: 10, since: undefined, search: undefined, roomTypes: undefined, network: undefined };
  const listed = await getPublicRooms(client, { destination: server, ...query, allNetworks: false });
  const open = listed.ok ? listed.value.chunk.find(({ join_rule: rule = 'public' }) => rule === 'public') : undefined;
  const parsed = open === undefined ? undefined : parseRoomId(open.room_id);
  return parsed?.ok === true ? parsed.value : undefined;
}

/** What is known here of what waits, whether the server is there or not. */
export async function queueStep(deps: DiagnoseDeps, steps: Steps, server: ServerName): Promise<void> {
  await steps.take('queue', 'nothing waits for it', () => queue(deps, server));
}

async function queue({ standing, now }: DiagnoseDeps, server: ServerName): Promise<Finding> {
  const stands = await standing(server);
  if (stands === undefined) return notExercised('Nothing was ever sent to it.');
  const { reachability, roomsWaiting, edusWaiting, refusedCount } = stands;
  const seen = `${roomsWaiting} rooms and ${edusWaiting} EDUs wait, ${refusedCount} events were refused; ${reachability.attempt} failures in a row${reachability.reason === '' ? '' : `, the last one: ${reachability.reason}`}`;
  const { until } = reachability;
  if (roomsWaiting + edusWaiting > 0 && until > now())
    return warning(
      seen,
      `It is tried again at ${new Date(until).toISOString()}, or at once by POST /_eyrie/admin/v1/destinations/${server}/retry.`,
    );
  return ok(seen);
}
