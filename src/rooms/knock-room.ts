import { badGateway, incompatibleRoomVersion, notFound, type MatrixError } from '../matrix/error.ts';
import type { Pdu } from '../matrix/event/pdu.ts';
import type { RoomId, ServerName } from '../matrix/ids/brands.ts';
import { canonicalJson } from '../matrix/json/canonical-json.ts';
import type { JsonObject } from '../matrix/json/json-value.ts';
import { allow, deny, type Result } from '../matrix/result.ts';
import type { RoomVersionRules } from '../matrix/room-versions/rules.ts';
import { roomVersionRules, supportedRoomVersions } from '../matrix/room-versions/versions.ts';
import { requireEligible } from './eligible.ts';
import { remoteError } from './invite-user.ts';
import { membershipFromTemplate } from './membership-from-template.ts';
import type { Asker, RoomsDeps, Sent } from './ports.ts';
import { receivedKnockState } from './received-invite-state.ts';
import { joinEnded, lifeOf, openRoomStatus } from './room-life.ts';
import { serversToAsk } from './servers-to-ask.ts';

/** How long a user waits for a join of the same room. */
const WAIT_MS = 60_000;

/**
 * Knocks on a room: in our own object where we are in it, else over one of the servers that are.
 * @param via servers to ask, in order; the one that the room ID names is asked after them.
 * Throws `M_FORBIDDEN`, `M_NOT_FOUND` where no server is known, 502 where none could be asked.
 * Source: Client-Server API, "Knocking on rooms"; Server-Server API, "Knocking upon a room".
 */
export async function knockRoom(
  deps: RoomsDeps,
  asker: Asker,
  roomId: RoomId,
  via: readonly ServerName[],
  content: JsonObject,
): Promise<Sent> {
  const wanted = { ...content, ...(await deps.users.profileOf(asker)) };
  const until = deps.now() + WAIT_MS;
  for (;;) {
    const life = await lifeOf(deps, roomId);
    if (life === 'apart') return knockElsewhere(deps, asker, roomId, via, wanted);
    if (life === 'joining') {
      await joinEnded(deps, roomId, until);
      continue;
    }
    return deps.rooms.changeMembership({
      roomId,
      action: 'knock',
      sender: asker.userId,
      target: asker.userId,
      targetShard: asker.shard,
      content: wanted,
    });
  }
}

async function knockElsewhere(
  deps: RoomsDeps,
  asker: Asker,
  roomId: RoomId,
  via: readonly ServerName[],
  content: JsonObject,
): Promise<Sent> {
  await requireEligible(deps.users, asker.userId);
  const known = await versionWeHad(deps, roomId);
  const servers = serversToAsk(deps, roomId, via);
  if (servers.length === 0) throw notFound('No server that is in the room is known');
  let failure: MatrixError | undefined;
  for (const server of servers) {
    const knocked = await knockOver(deps, asker, { roomId, server, content, known });
    if (knocked.ok) return knocked.value;
    // A refusal says more than a server that could not be asked.
    if (failure === undefined || failure.status >= 500) failure = knocked.reason;
  }
  throw failure ?? badGateway('No server could be asked');
}

interface Knock {
  readonly roomId: RoomId;
  readonly server: ServerName;
  readonly content: JsonObject;
  /** Of a room that we were in: its version. */
  readonly known: string | undefined;
}

async function knockOver(deps: RoomsDeps, asker: Asker, knock: Knock): Promise<Result<Sent, MatrixError>> {
  const { roomId, server } = knock;
  const signed = await signKnock(deps, asker, knock);
  if (!signed.ok) return signed;
  const { rules, pdu } = signed.value;
  const sent = await deps.remote.sendKnock(server, { roomId, eventId: pdu.eventId, event: pdu.json });
  if (!sent.ok) return deny(remoteError(sent.reason, server));
  const knockRoomState = await receivedKnockState(deps.pdus, rules, roomId, sent.value);
  const stored = await deps.rooms.receiveKnock({
    roomId,
    roomVersion: rules.id,
    pdu: { eventId: pdu.eventId, json: canonicalJson(pdu.json) },
    shard: asker.shard,
    server,
    knockRoomState,
  });
  await deps.registry.setVersion(roomId, rules.id);
  return allow(stored);
}

async function signKnock(
  deps: RoomsDeps,
  { userId }: Asker,
  { roomId, server, content, known }: Knock,
): Promise<Result<{ readonly rules: RoomVersionRules; readonly pdu: Pdu }, MatrixError>> {
  const made = await deps.remote.makeKnock(server, { roomId, userId, versions: supportedRoomVersions });
  if (!made.ok) return deny(remoteError(made.reason, server));
  const { roomVersion, event } = made.value;
  const rules = roomVersionRules(roomVersion);
  if (rules === undefined) {
    const error = 'This server does not know the version of that room';
    return deny(incompatibleRoomVersion(error, { room_version: roomVersion }));
  }
  if (known !== undefined && known !== rules.id) return deny(badGateway(`${server} named a wrong version of the room`));
  const pdu = await membershipFromTemplate(deps, rules, event, {
    userId,
    roomId,
    content: { ...content, membership: 'knock' },
  });
  if (pdu === undefined) return deny(badGateway(`${server} gave no template of a knock`));
  // A row precedes the object, and the knock must not be lost for want of it.
  await deps.registry.add(roomId, rules.id);
  return allow({ rules, pdu });
}

/**
 * Of a room that we were in: what another server says of its version does not count. Throws `M_FORBIDDEN` for one that
 * was closed, before another server takes a knock that the room here would not keep, nor anybody could take back.
 */
async function versionWeHad(deps: RoomsDeps, roomId: RoomId): Promise<string | undefined> {
  const status = await openRoomStatus(deps, roomId);
  return status?.lifecycle === 'left' ? status.roomVersion : undefined;
}
