import { badGateway, MatrixError, notFound, unavailable } from '../matrix/error.ts';
import { roomIdServer } from '../matrix/ids/room-id.ts';
import { userIdServer } from '../matrix/ids/user-id.ts';
import type { RoomId, ServerName } from '../matrix/ids/brands.ts';
import type { JsonObject } from '../matrix/json/json-value.ts';
import { checkRoomSize } from './check-room-size.ts';
import { joinHere } from './join-here.ts';
import { joinOver } from './join-over.ts';
import type { Asker, RoomsDeps } from './ports.ts';

/** Servers asked for one join. */
const MAX_SERVERS = 8;

/** How long a user waits for another join of the same room, and how often it is looked whether that has ended. */
const WAIT_MS = 60_000;
const LOOK_MS = 250;
const MAX_LOOK_MS = 2_000;

/**
 * Joins a room: in our own object where we are in it already, else over one of the servers that are. While another join
 * of the room is under way, the user waits for it, and then joins here.
 * @param via servers to ask, in order; the inviter's and the room ID's are asked after them.
 * Throws `M_FORBIDDEN`, `M_NOT_FOUND` where no server is known, 502 where none could be asked, 503 after a minute.
 * Source: Client-Server API, "Joining rooms"; Server-Server API, "Joining Rooms".
 */
export async function joinRoom(
  deps: RoomsDeps,
  asker: Asker,
  roomId: RoomId,
  via: readonly ServerName[],
  content: JsonObject,
): Promise<void> {
  const wanted = { ...content, ...(await deps.users.profileOf(asker)) };
  const until = deps.now() + WAIT_MS;
  for (;;) {
    const life = await lifeOf(deps, roomId);
    if (life === 'live') {
      await joinHere(deps, asker, roomId, wanted);
      return;
    }
    if (life === 'apart') {
      try {
        return await joinElsewhere(deps, asker, roomId, via, wanted);
      } catch (error) {
        // Another user of ours may have brought us in meanwhile, or be about to.
        if (!(error instanceof MatrixError) || (await lifeOf(deps, roomId)) === 'apart') throw error;
      }
    } else await joinEnded(deps, roomId, until);
  }
}

async function lifeOf(deps: RoomsDeps, roomId: RoomId): Promise<'live' | 'joining' | 'apart'> {
  if (!(await deps.registry.has(roomId))) return 'apart';
  const { lifecycle, isJoining } = await deps.rooms.status({ roomId });
  if (lifecycle === 'live') return 'live';
  return isJoining ? 'joining' : 'apart';
}

async function joinEnded(deps: RoomsDeps, roomId: RoomId, until: number): Promise<void> {
  for (let pauseMs = LOOK_MS; deps.now() < until; pauseMs = Math.min(pauseMs * 2, MAX_LOOK_MS)) {
    await deps.after(pauseMs);
    if ((await lifeOf(deps, roomId)) !== 'joining') return;
  }
  throw unavailable('This room is still being joined: try again');
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
  let run: number | undefined;
  for (const [at, server] of servers.entries()) {
    // Once a server was found that said how large the room is, the others need not.
    const untold =
      run === undefined ? await checkRoomSize(deps, { roomId, server, isInvited: inviter !== undefined }) : undefined;
    if (untold !== undefined) {
      failure ??= untold;
      continue;
    }
    const left = servers.slice(at + 1);
    const tried = await joinOver(deps, {
      ...asker,
      roomId,
      server,
      left,
      content,
      ...(run === undefined ? {} : { run }),
    });
    if (tried.failure === undefined) return;
    run = tried.run;
    // A refusal says more than a server that could not be asked.
    if (failure === undefined || failure.status >= 500) failure = tried.failure;
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
