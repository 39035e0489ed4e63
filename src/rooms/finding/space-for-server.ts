import type { RoomSummary } from '../../matrix/discovery/room-summary.ts';
import { isSuggested, type SpaceChild } from '../../matrix/discovery/space-child.ts';
import { notFound } from '../../matrix/error.ts';
import type { RoomId, ServerName } from '../../matrix/ids/brands.ts';
import { findHere } from './find-here.ts';
import type { FindingRooms } from './ports.ts';

/** Children that are told of. */
const MAX_CHILDREN = 100;
const CHILDREN_AT_ONCE = 20;

export interface SpaceForServer {
  readonly room: RoomSummary & { readonly children_state: readonly SpaceChild[] };
  readonly children: readonly RoomSummary[];
  readonly inaccessible_children: readonly RoomId[];
}

/**
 * A room, and what belongs to it as a space, as another server may be told: those it could enter or peek into. Throws
 * `M_NOT_FOUND` for a room that is not shown to it. Source: Server-Server API, `GET /hierarchy/{roomId}`.
 */
export async function spaceForServer(
  deps: FindingRooms,
  server: ServerName,
  { roomId, suggestedOnly }: { readonly roomId: RoomId; readonly suggestedOnly: boolean },
): Promise<SpaceForServer> {
  const finder = { kind: 'server', server } as const;
  const space = await findHere(deps, roomId, finder);
  if (space.kind !== 'found') throw notFound('There is no such room, or your server may not see it');
  const wanted = space.children.filter((child) => !suggestedOnly || isSuggested(child));
  const children: RoomSummary[] = [];
  const inaccessible: RoomId[] = [];
  const asked = wanted.slice(0, MAX_CHILDREN).map((child) => child.state_key);
  for (let at = 0; at < asked.length; at += CHILDREN_AT_ONCE) {
    const batch = asked.slice(at, at + CHILDREN_AT_ONCE);
    const answers = await Promise.all(batch.map((child) => findHere(deps, child, finder)));
    for (const [index, answer] of answers.entries()) {
      const child = batch[index];
      if (answer.kind === 'found') children.push(answer.summary);
      if (answer.kind === 'hidden' && child !== undefined) inaccessible.push(child);
    }
  }
  return { room: { ...space.summary, children_state: wanted }, children, inaccessible_children: inaccessible };
}
