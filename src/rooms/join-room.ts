import { badGateway, MatrixError, notFound } from '../matrix/error.ts';
import type { RoomId, ServerName } from '../matrix/ids/brands.ts';
import type { JsonObject } from '../matrix/json/json-value.ts';
import { checkGuestAccess } from './check-guest-access.ts';
import { checkRemoteRoom } from './check-remote-room.ts';
import { joinGrantedElsewhere } from './join-granted-elsewhere.ts';
import { requireEligible } from './eligible.ts';
import { joinHere } from './join-here.ts';
import { joinOver } from './join-over.ts';
import type { Asker, RoomsDeps } from './ports.ts';
import { joinEnded, lifeOf, openRoomStatus } from './room-life.ts';
import { serversToAsk } from './servers-to-ask.ts';

/** How long a user waits for another join of the same room. */
const WAIT_MS = 60_000;

/**
 * Joins a room: in our own object where we are in it already, else over one of the servers that are. While another join
 * of the room is under way, the user waits for it, and then joins here.
 * @param via servers to ask, in order; the inviter's and the room ID's are asked after them.
 * Throws `M_FORBIDDEN`, `M_RESOURCE_LIMIT_EXCEEDED`, `M_GUEST_ACCESS_FORBIDDEN`, `M_NOT_FOUND` where no server is known, 502 where none could be asked, 503 after a minute of waiting.
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
      await joinLive(deps, asker, roomId, via, wanted);
      return;
    }
    if (life === 'apart') {
      try {
        const isOver = await deps.tickets.hold(asker.userId, async () => {
          // There may have been time while the ticket was waited for.
          const isApart = (await lifeOf(deps, roomId)) === 'apart';
          if (isApart) await joinElsewhere(deps, asker, roomId, via, wanted);
          return isApart;
        });
        if (isOver) {
          // As one of ours in a room that we are in, the guest is known to be one.
          if (asker.isGuest === true) await joinHere(deps, asker, roomId, wanted);
          return;
        }
      } catch (error) {
        // Another user of ours may have brought us in meanwhile, or be about to.
        if (!(error instanceof MatrixError) || (await lifeOf(deps, roomId)) === 'apart') throw error;
      }
    } else await joinEnded(deps, roomId, until);
  }
}

/** Where none of our users can let the user in, a server of one who can is asked; guests are for us alone to admit. */
async function joinLive(
  deps: RoomsDeps,
  asker: Asker,
  roomId: RoomId,
  via: readonly ServerName[],
  content: JsonObject,
): Promise<void> {
  try {
    await joinHere(deps, asker, roomId, content);
  } catch (error) {
    if (!(error instanceof MatrixError) || error.errcode !== 'M_UNABLE_TO_GRANT_JOIN') throw error;
    if (asker.isGuest === true) throw error;
    await joinGrantedElsewhere(deps, asker, roomId, { via, content, unable: error });
  }
}

async function joinElsewhere(
  deps: RoomsDeps,
  asker: Asker,
  roomId: RoomId,
  via: readonly ServerName[],
  content: JsonObject,
): Promise<void> {
  await requireEligible(deps.users, asker.userId);
  const isKnown = (await openRoomStatus(deps, roomId)) !== undefined;
  const held = isKnown ? await deps.rooms.heldMembership({ roomId, userId: asker.userId }) : undefined;
  const servers = serversToAsk(deps, roomId, [...via, ...(held?.servers ?? [])]);
  if (servers.length === 0) throw notFound('No server that is in the room is known');
  let failure: MatrixError | undefined;
  let run: number | undefined;
  for (const [at, server] of servers.entries()) {
    // Once a server was found that said what there is to know before, the others need not.
    const untold = run === undefined ? await mayTry(deps, asker, { roomId, server }) : undefined;
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
    if (tried.isFinal) throw tried.failure;
    run = tried.run;
    failure = moreTelling(failure, tried.failure);
  }
  throw failure ?? badGateway('No server could be asked');
}

/** Throws where nobody may join the room so. @returns why it is not tried over this server. */
async function mayTry(
  deps: RoomsDeps,
  { isGuest = false }: Asker,
  room: Parameters<typeof checkRemoteRoom>[1],
): Promise<MatrixError | undefined> {
  await checkRemoteRoom(deps, room);
  return isGuest ? checkGuestAccess(deps, room) : undefined;
}

/** A refusal says more than a server that could not be asked. */
const moreTelling = (before: MatrixError | undefined, next: MatrixError) =>
  before === undefined || before.status >= 500 ? next : before;
