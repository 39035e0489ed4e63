import type { RoomId } from '../../matrix/ids/brands.ts';
import type { FindAnswer, Finder, FindingRooms } from './ports.ts';

/** Rooms asked whether they know who looks. */
const MAX_ROOMS = 200;
const ROOMS_AT_ONCE = 20;

/**
 * A room of ours as it may be shown to who looks: the room decides, and where that depends on other rooms of which they
 * are a member, those are asked first. Never `depends`.
 */
export async function findHere(
  { rooms, registry }: FindingRooms,
  roomId: RoomId,
  finder: Finder,
): Promise<Exclude<FindAnswer, { kind: 'depends' }>> {
  if (!(await registry.has(roomId))) return { kind: 'elsewhere' };
  const first = await rooms.findRoom({ roomId, finder });
  if (first.kind !== 'depends') return first;
  const member = await memberOf({ rooms, registry }, first.on, finder);
  const second = member === undefined ? undefined : await rooms.findRoom({ roomId, finder, memberOf: [member] });
  return second === undefined || second.kind === 'depends' ? { kind: 'hidden' } : second;
}

/** The first of these rooms, as far as we are in them, that knows who looks as a member. */
export async function memberOf(
  { rooms, registry }: FindingRooms,
  candidates: readonly RoomId[],
  finder: Finder,
): Promise<RoomId | undefined> {
  const knows = async (roomId: RoomId): Promise<boolean> => {
    if (finder.kind === 'anybody' || !(await registry.has(roomId))) return false;
    const { kind: _kind, ...who } = finder;
    const answer =
      'userId' in who ? await rooms.isJoined({ roomId, ...who }) : await rooms.hasServer({ roomId, ...who });
    return answer === true;
  };
  const asked = candidates.slice(0, MAX_ROOMS);
  for (let at = 0; at < asked.length; at += ROOMS_AT_ONCE) {
    const batch = asked.slice(at, at + ROOMS_AT_ONCE);
    const answers = await Promise.all(batch.map(knows));
    const found = batch.find((_, index) => answers[index]);
    if (found !== undefined) return found;
  }
  return undefined;
}
