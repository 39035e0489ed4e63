import { MatrixError } from '../matrix/error.ts';
import type { RoomId } from '../matrix/ids/brands.ts';
import type { JsonObject } from '../matrix/json/json-value.ts';
import { requireEligibleHere } from './eligible.ts';
import { joinStanding } from './join-standing.ts';
import type { Asker, MembershipCall, RoomsDeps, Sent } from './ports.ts';

/**
 * Joins a room that we are in. Where other rooms decide who may, those are asked first; where the join rules change
 * meanwhile, once more. Throws `M_FORBIDDEN`, `EYRIE_USER_NOT_ELIGIBLE`, or `M_UNABLE_TO_GRANT_JOIN` where none of our users can let anybody in.
 */
export async function joinHere(
  deps: Pick<RoomsDeps, 'serverName' | 'registry' | 'rooms' | 'users'>,
  asker: Asker,
  roomId: RoomId,
  content: JsonObject,
  how: Pick<MembershipCall, 'isWhole' | 'originServerTs'> = {},
): Promise<Sent> {
  await requireEligibleHere(deps, asker.userId, roomId);
  const join = { ...how, content };
  try {
    return await joinWithStanding(deps, asker, roomId, join);
  } catch (error) {
    if (!(error instanceof MatrixError) || error.errcode !== 'M_UNABLE_TO_AUTHORISE_JOIN') throw error;
    return joinWithStanding(deps, asker, roomId, join);
  }
}

async function joinWithStanding(
  { serverName, registry, rooms }: Pick<RoomsDeps, 'serverName' | 'registry' | 'rooms'>,
  { userId, shard, isGuest = false }: Asker,
  roomId: RoomId,
  join: Pick<MembershipCall, 'content' | 'isWhole' | 'originServerTs'>,
): Promise<Sent> {
  const standing = await joinStanding({ serverName, rooms, isKnown: (other) => registry.has(other) }, roomId, userId);
  return rooms.changeMembership({
    roomId,
    action: 'join',
    sender: userId,
    target: userId,
    targetShard: shard,
    isGuest,
    ...join,
    ...(standing === undefined ? {} : { standing }),
  });
}
