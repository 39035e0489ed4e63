import type { RoomId } from '../../matrix/ids/brands.ts';

/** Under which `seq` the typing of rooms was told; a room whose is the board's is up to date. */
export type ToldRooms = ReadonlyMap<RoomId, number>;

interface Remembered {
  /** Of a plan that may become an answer. */
  planned: { readonly request: string; readonly rooms: ToldRooms };
  readonly byGeneration: Map<number, ToldRooms>;
}

/** Connections of which it is remembered. */
const MAX_CONNECTIONS = 10_000;
/** The generation that a client has, and the one that may be on its way. */
const GENERATIONS = 2;

/**
 * What each connection was told of typing, in memory as typing is: a room that was out of the lists meanwhile is told
 * anew when it comes back. Where nothing is remembered, all that did not change counts as told.
 */
export class ToldTyping {
  readonly #connections = new Map<string, Remembered>();

  told(connection: string, generation: number | undefined): ToldRooms | undefined {
    return generation === undefined ? undefined : this.#connections.get(connection)?.byGeneration.get(generation);
  }

  planned(connection: string, request: string, rooms: ToldRooms): void {
    const held = this.#connections.get(connection);
    this.#connections.delete(connection);
    this.#connections.set(connection, { planned: { request, rooms }, byGeneration: held?.byGeneration ?? new Map() });
    const [oldest] = this.#connections.keys();
    if (this.#connections.size > MAX_CONNECTIONS && oldest !== undefined) this.#connections.delete(oldest);
  }

  /** What was planned last, if it was for this request, is in the answer that has this generation. */
  given(connection: string, request: string, generation: number): void {
    const held = this.#connections.get(connection);
    if (held === undefined) return;
    held.byGeneration.delete(generation);
    if (held.planned.request === request) held.byGeneration.set(generation, held.planned.rooms);
    const [oldest] = held.byGeneration.keys();
    if (held.byGeneration.size > GENERATIONS && oldest !== undefined) held.byGeneration.delete(oldest);
  }
}
