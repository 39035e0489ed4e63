import type { RoomSummary } from '../../matrix/discovery/room-summary.ts';
import { isSuggested, SPACE, viaOf, type SpaceChild } from '../../matrix/discovery/space-child.ts';
import { forbidden } from '../../matrix/error.ts';
import { roomIdServer } from '../../matrix/ids/room-id.ts';
import type { RoomId, ServerName, UserId } from '../../matrix/ids/brands.ts';
import { findHere } from './find-here.ts';
import type { FindingRooms } from './ports.ts';
import type { RemoteSpaces } from './remote-spaces.ts';
import { mayBeShown } from './room-elsewhere.ts';

export interface SpaceDeps extends FindingRooms {
  readonly remoteSpaces: RemoteSpaces;
}

export interface WalkQuery {
  readonly userId: UserId;
  readonly roomId: RoomId;
  readonly suggestedOnly: boolean;
  readonly maxDepth: number;
  readonly limit: number;
  /** Rooms of earlier pages. */
  readonly skip: number;
}

export type HierarchyRoom = RoomSummary & { readonly children_state: readonly SpaceChild[] };

/** Rooms that one walk looks at, those that are not shown included. */
const MAX_LOOKED_AT = 2_000;
/** Rooms that are looked at ahead of the walk. */
const AHEAD = 20;

interface Step {
  readonly roomId: RoomId;
  readonly servers: readonly ServerName[];
  readonly depth: number;
}

/**
 * A page of a space's tree, depth first: each room comes before what belongs to it, and once. A page walks from the
 * root again, so that nothing has to be remembered between pages; rooms of ours are close, and what other servers told
 * is kept for a while.
 * Throws `M_FORBIDDEN` for a root that the user may not see. Source: Client-Server API, `GET /rooms/{roomId}/hierarchy`.
 */
export async function walkSpace(
  deps: SpaceDeps,
  query: WalkQuery,
): Promise<{ readonly rooms: readonly HierarchyRoom[]; readonly hasMore: boolean }> {
  const walk = new Walk(deps, query);
  const rooms: HierarchyRoom[] = [];
  let left = query.skip;
  for await (const room of walk.rooms()) {
    if (left > 0) left -= 1;
    else if (rooms.length === query.limit) return { rooms, hasMore: true };
    else rooms.push(room);
  }
  return { rooms, hasMore: false };
}

class Walk {
  readonly #deps: SpaceDeps;
  readonly #query: WalkQuery;
  /** What was begun to be looked at. */
  readonly #looks = new Map<RoomId, Promise<HierarchyRoom | undefined>>();
  /** What other servers said of rooms that belong to a space of theirs; `undefined`: nobody may see them. */
  readonly #told = new Map<RoomId, RoomSummary | undefined>();

  constructor(deps: SpaceDeps, query: WalkQuery) {
    this.#deps = deps;
    this.#query = query;
  }

  async *rooms(): AsyncGenerator<HierarchyRoom, void> {
    const { roomId, maxDepth } = this.#query;
    const server = roomIdServer(roomId);
    const stack: Step[] = [{ roomId, servers: server === undefined ? [] : [server], depth: 0 }];
    const seen = new Set<RoomId>();
    for (let step = stack.pop(); step !== undefined && seen.size < MAX_LOOKED_AT; step = stack.pop()) {
      if (seen.has(step.roomId)) continue;
      seen.add(step.roomId);
      const room = await this.#look(step);
      if (room === undefined) {
        if (step.depth === 0) throw forbidden('You are not allowed to view this room');
        continue;
      }
      yield room;
      if (step.depth >= maxDepth) continue;
      const { depth } = step;
      const below = room.children_state.map((child) => ({
        roomId: child.state_key,
        servers: viaOf(child),
        depth: depth + 1,
      }));
      for (const next of below.slice(0, AHEAD)) this.#lookAhead(next);
      stack.push(...below.toReversed());
    }
  }

  #lookAhead(step: Step): void {
    // Its failure is for who waits for it.
    this.#look(step).catch(() => undefined);
  }

  #look(step: Step): Promise<HierarchyRoom | undefined> {
    const begun = this.#looks.get(step.roomId) ?? this.#find(step);
    this.#looks.set(step.roomId, begun);
    return begun;
  }

  async #find({ roomId, servers }: Step): Promise<HierarchyRoom | undefined> {
    const finder = { kind: 'user', userId: this.#query.userId } as const;
    const here = await findHere(this.#deps, roomId, finder);
    if (here.kind === 'found') return this.#shown(here.summary, here.children);
    if (here.kind === 'hidden') return undefined;
    const there = await this.#ask(roomId, servers);
    if (there === undefined) return undefined;
    const mayShow = await mayBeShown(this.#deps, there.summary, finder, here.membership);
    return mayShow ? this.#shown(there.summary, there.children) : undefined;
  }

  /** What other servers say of a room, and of those that belong to it. */
  async #ask(roomId: RoomId, servers: readonly ServerName[]) {
    const known = this.#told.get(roomId);
    if (this.#told.has(roomId) && known?.room_type !== SPACE) {
      return known === undefined ? undefined : { summary: known, children: [] };
    }
    const { suggestedOnly } = this.#query;
    const answer = await this.#deps.remoteSpaces.find({ roomId, servers, suggestedOnly });
    if (answer === undefined) return undefined;
    // A server has a say in what belongs to its own space, and the first word counts.
    const told = new Map([
      ...answer.inaccessible_children.map((id) => [id, undefined] as const),
      ...answer.children.map((child) => [child.room_id, child] as const),
    ]);
    for (const { state_key: child } of answer.children_state) {
      if (told.has(child) && !this.#told.has(child)) this.#told.set(child, told.get(child));
    }
    return { summary: answer.room, children: answer.children_state };
  }

  #shown(summary: RoomSummary, children: readonly SpaceChild[]): HierarchyRoom {
    const { suggestedOnly } = this.#query;
    return { ...summary, children_state: children.filter((child) => !suggestedOnly || isSuggested(child)) };
  }
}
