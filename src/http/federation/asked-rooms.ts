import type { RoomId, ServerName } from '../../matrix/ids/brands.ts';
import type { RoomsForServers } from './room-routes-deps.ts';

const MAX_SERVERS = 2_000;
const MAX_ROOMS = 8;

/** Which rooms other servers were last answered about, in this isolate: where it is lost, less is found by ID alone. */
export class AskedRooms {
  readonly #byServer = new Map<ServerName, readonly RoomId[]>();

  of(server: ServerName): readonly RoomId[] {
    return this.#byServer.get(server) ?? [];
  }

  note(server: ServerName, roomId: RoomId): void {
    const rooms = [roomId, ...this.of(server).filter((other) => other !== roomId)];
    this.#byServer.delete(server);
    this.#byServer.set(server, rooms.slice(0, MAX_ROOMS));
    const oldest = this.#byServer.keys().next();
    if (this.#byServer.size > MAX_SERVERS && oldest.done !== true) this.#byServer.delete(oldest.value);
  }

  /** The rooms, with each question that they answer to a server noted. */
  noting(rooms: RoomsForServers): RoomsForServers {
    return new Proxy(rooms, {
      get: (target, method: keyof RoomsForServers) => async (call: { roomId: RoomId; origin?: ServerName }) => {
        const answer: unknown = await (target[method] as (given: typeof call) => Promise<unknown>)(call);
        if (call.origin !== undefined) this.note(call.origin, call.roomId);
        return answer;
      },
    });
  }
}
