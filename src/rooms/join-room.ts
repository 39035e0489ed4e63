import { badGateway, incompatibleRoomVersion, MatrixError, notFound } from '../matrix/error.ts';
import { buildPdu } from '../matrix/event/build.ts';
import { eventIdOf } from '../matrix/event/hashes.ts';
import { parsePdu } from '../matrix/event/format.ts';
import type { Pdu } from '../matrix/event/pdu.ts';
import { roomIdServer } from '../matrix/ids/room-id.ts';
import { userIdServer } from '../matrix/ids/user-id.ts';
import type { EventId, RoomId, ServerName, UserId } from '../matrix/ids/brands.ts';
import { canonicalJson } from '../matrix/json/canonical-json.ts';
import { isJsonObject, type JsonObject } from '../matrix/json/json-value.ts';
import type { RoomVersionRules } from '../matrix/room-versions/rules.ts';
import { roomVersionRules, supportedRoomVersions } from '../matrix/room-versions/versions.ts';
import { remoteError } from './invite-user.ts';
import { checkRoomSize } from './check-room-size.ts';
import type { Asker, CheckedPdu, RoomsDeps } from './ports.ts';

/** Servers asked for one join. */
const MAX_SERVERS = 8;
/** Events per call into the room, and their bytes: RPC takes 32 MiB. */
const BATCH_EVENTS = 500;
const BATCH_BYTES = 8 * 1024 * 1024;

/**
 * Joins a room: in our own object where we are in it already, else over one of the servers that are.
 * @param via servers to ask, in order; the inviter's and the room ID's are asked after them.
 * Throws `M_FORBIDDEN`, `M_NOT_FOUND` where no server is known, 502 where none could be asked.
 * Source: Client-Server API, "Joining rooms"; Server-Server API, "Joining Rooms".
 */
export async function joinRoom(
  deps: RoomsDeps,
  asker: Asker,
  roomId: RoomId,
  via: readonly ServerName[],
  content: JsonObject,
): Promise<void> {
  const profile = await deps.users.profileOf(asker);
  const wanted = { ...content, ...profile };
  if (await isLive(deps, roomId)) return joinHere(deps, asker, roomId, wanted);
  try {
    await joinElsewhere(deps, asker, roomId, via, wanted);
  } catch (error) {
    // Another user of ours may have brought us in meanwhile.
    if (!(error instanceof MatrixError) || !(await isLive(deps, roomId))) throw error;
    await joinHere(deps, asker, roomId, wanted);
  }
}

async function isLive(deps: RoomsDeps, roomId: RoomId): Promise<boolean> {
  return (await deps.registry.has(roomId)) && (await deps.rooms.status({ roomId })).lifecycle === 'live';
}

async function joinHere(deps: RoomsDeps, asker: Asker, roomId: RoomId, content: JsonObject): Promise<void> {
  await deps.rooms.changeMembership({
    roomId,
    action: 'join',
    sender: asker.userId,
    target: asker.userId,
    targetShard: asker.shard,
    content,
  });
}

async function joinElsewhere(
  deps: RoomsDeps,
  asker: Asker,
  roomId: RoomId,
  via: readonly ServerName[],
  content: JsonObject,
): Promise<void> {
  const isKnown = await deps.registry.has(roomId);
  const inviter = isKnown ? await deps.rooms.inviter({ roomId, userId: asker.userId }) : undefined;
  const servers = candidates(deps, roomId, via, inviter === undefined ? undefined : userIdServer(inviter));
  if (servers.length === 0) throw notFound('No server that is in the room is known');
  let failure: MatrixError | undefined;
  for (const server of servers) {
    const untold = await checkRoomSize(deps, { roomId, server, isInvited: inviter !== undefined });
    if (untold !== undefined) {
      failure ??= untold;
      continue;
    }
    const tried = await joinOver(deps, { asker, roomId, server, servers, content });
    if (tried === undefined) return;
    // A refusal says more than a server that could not be asked.
    if (failure === undefined || failure.status >= 500) failure = tried;
  }
  throw failure ?? badGateway('No server could be asked');
}

function candidates(
  deps: RoomsDeps,
  roomId: RoomId,
  via: readonly ServerName[],
  inviter: ServerName | undefined,
): readonly ServerName[] {
  const named = [...via, inviter, roomIdServer(roomId)].filter((server) => server !== undefined);
  return [...new Set(named)].filter((server) => server !== deps.serverName).slice(0, MAX_SERVERS);
}

interface JoinTry {
  readonly asker: Asker;
  readonly roomId: RoomId;
  readonly server: ServerName;
  readonly servers: readonly ServerName[];
  readonly content: JsonObject;
}

/** @returns why this server did not do, or `undefined` when we are in. */
async function joinOver(deps: RoomsDeps, join: JoinTry): Promise<MatrixError | undefined> {
  const { asker, roomId, server, servers } = join;
  const made = await deps.remote.makeJoin(server, { roomId, userId: asker.userId, versions: supportedRoomVersions });
  if (!made.ok) return remoteError(made.reason, server);
  const rules = roomVersionRules(made.value.roomVersion);
  if (rules === undefined) {
    return incompatibleRoomVersion('This server does not know the version of that room', {
      room_version: made.value.roomVersion,
    });
  }
  const pdu = await membershipFromTemplate(deps, rules, made.value.event, {
    userId: asker.userId,
    roomId,
    content: { ...join.content, membership: 'join' },
  });
  if (pdu === undefined) return badGateway(`${server} gave no template of an event`);
  await deps.registry.add(roomId, rules.id);
  await deps.rooms.startJoin({
    roomId,
    roomVersion: rules.id,
    userId: asker.userId,
    shard: asker.shard,
    pdu: checked(pdu),
    servers,
  });
  const failure = await completeJoin(deps, join, rules, pdu);
  if (failure !== undefined) await deps.rooms.abandonJoin({ roomId, eventId: pdu.eventId });
  return failure;
}

async function completeJoin(
  deps: RoomsDeps,
  { asker, roomId, server }: JoinTry,
  rules: RoomVersionRules,
  pdu: Pdu,
): Promise<MatrixError | undefined> {
  const sent = await deps.remote.sendJoin(server, { roomId, eventId: pdu.eventId, event: pdu.json });
  if (!sent.ok) return remoteError(sent.reason, server);
  const { state, authChain, event } = sent.value;
  const ours = await returnedEvent(deps, rules, pdu, event);
  const events = await deps.pdus.check(rules, [...authChain, ...state]);
  const inRoom = events.filter((other) => other.roomId === roomId && other.stateKey !== undefined);
  await storeInBatches(deps, roomId, inRoom);
  const kept = new Set(inRoom.map(({ eventId }) => eventId));
  const stateIds = state.flatMap((json) => {
    const id = eventIdOf(rules, json);
    return id.ok && kept.has(id.value) ? [id.value] : [];
  });
  try {
    await deps.rooms.finishJoin({ roomId, userId: asker.userId, pdu: checked(ours), state: stateIds });
    return undefined;
  } catch (error) {
    return badGateway(
      `The state that ${server} gave does not let us in: ${error instanceof Error ? error.message : ''}`,
    );
  }
}

/** The join as the resident gave it back may carry its signature too (restricted joins). */
async function returnedEvent(
  deps: RoomsDeps,
  rules: RoomVersionRules,
  pdu: Pdu,
  event: JsonObject | undefined,
): Promise<Pdu> {
  if (event === undefined) return pdu;
  const parsed = parsePdu(rules, event);
  if (!parsed.ok || parsed.value.eventId !== pdu.eventId) return pdu;
  const [intact] = await deps.pdus.check(rules, [event]);
  return intact ?? pdu;
}

async function storeInBatches(deps: RoomsDeps, roomId: RoomId, pdus: readonly Pdu[]): Promise<void> {
  let batch: CheckedPdu[] = [];
  let bytes = 0;
  let lacking: readonly EventId[] = [];
  const flush = async () => {
    if (batch.length > 0) lacking = [...lacking, ...(await deps.rooms.storeOutliers({ roomId, pdus: batch }))];
    batch = [];
    bytes = 0;
  };
  for (const pdu of byDepth(pdus)) {
    const item = checked(pdu);
    batch.push(item);
    bytes += item.json.length;
    if (batch.length >= BATCH_EVENTS || bytes >= BATCH_BYTES) await flush();
  }
  await flush();
  if (lacking.length === 0) return;
  // What came before its auth events in another batch has them now.
  const again = new Set(lacking);
  const late = pdus.filter(({ eventId }) => again.has(eventId)).map(checked);
  await deps.rooms.storeOutliers({ roomId, pdus: late });
}

/** Only to bring most auth events before what names them: depth is what senders claim. */
function byDepth(pdus: readonly Pdu[]): readonly Pdu[] {
  return [...new Map(pdus.map((pdu) => [pdu.eventId, pdu])).values()].sort((a, b) => a.depth - b.depth);
}

const checked = (pdu: Pdu): CheckedPdu => ({ eventId: pdu.eventId, json: canonicalJson(pdu.json) });

/**
 * Our event, made of a template: only its place in the graph is taken over, and what membership we asked for.
 * @returns `undefined` for a template of another shape.
 */
export async function membershipFromTemplate(
  deps: Pick<RoomsDeps, 'serverName' | 'signingKey' | 'now' | 'randomId'>,
  rules: RoomVersionRules,
  template: JsonObject,
  { userId, roomId, content }: { readonly userId: UserId; readonly roomId: RoomId; readonly content: JsonObject },
): Promise<Pdu | undefined> {
  const prev = edgesOf(rules, template['prev_events']);
  const auth = edgesOf(rules, template['auth_events']);
  const { depth } = template;
  if (prev === undefined || auth === undefined || typeof depth !== 'number') return undefined;
  const hashes = new Map([...prev, ...auth]);
  const authorised = isJsonObject(template['content'])
    ? template['content']['join_authorised_via_users_server']
    : undefined;
  const built = buildPdu(
    rules,
    {
      roomId,
      type: 'm.room.member',
      sender: userId,
      stateKey: userId,
      content: typeof authorised === 'string' ? { ...content, join_authorised_via_users_server: authorised } : content,
      prevEvents: prev.map(([id]) => id),
      authEvents: auth.map(([id]) => id),
      depth,
      originServerTs: deps.now(),
      ...(rules.eventId === 'sender'
        ? {
            eventId: `$${deps.randomId()}:${deps.serverName}` as EventId,
            referenceHashOf: (id: EventId) => hashes.get(id) ?? '',
          }
        : {}),
    },
    deps.serverName,
    await deps.signingKey(),
  );
  return built.ok ? built.value : undefined;
}

/** Edges with the hashes that room versions 1 and 2 carry. */
function edgesOf(rules: RoomVersionRules, value: JsonObject[string]): (readonly [EventId, string])[] | undefined {
  if (!Array.isArray(value)) return undefined;
  const edges: (readonly [EventId, string])[] = [];
  for (const item of value as unknown[]) {
    const [id, hashes] = rules.edgesArePairs && Array.isArray(item) ? (item as unknown[]) : [item, undefined];
    if (typeof id !== 'string') return undefined;
    const hash = isJsonObject(hashes as JsonObject) ? (hashes as JsonObject)['sha256'] : undefined;
    edges.push([id as EventId, typeof hash === 'string' ? hash : '']);
  }
  return edges;
}
