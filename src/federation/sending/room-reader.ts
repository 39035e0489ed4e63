import type { RoomId, ServerName } from '../../matrix/ids/brands.ts';
import type { RoomCursor, RoomRange, RoomRanges, SendingStore, StoredTransaction } from './ports.ts';
import { MAX_EDUS, MAX_PDUS, type Flight, type FlightPart } from './transaction.ts';

/** A room that is further behind sends its newest events only; the server asks for the others (contracts, section 7). */
const MAX_CATCH_UP = 500;

type Store = Pick<SendingStore, 'cursors' | 'putCursor' | 'removeCursor' | 'keptEdus'>;

/** Reads what rooms that fell behind still have for the server. */
export class RoomReader {
  readonly #destination: ServerName;
  readonly #store: Store;
  readonly #rooms: RoomRanges;
  /** Rooms that offered while they were read: what the reading did not see may have come. */
  readonly #offered = new Set<RoomId>();

  constructor(destination: ServerName, store: Store, rooms: RoomRanges) {
    this.#destination = destination;
    this.#store = store;
    this.#rooms = rooms;
  }

  /** The room offered something and was told that its cursor stands for it. */
  noteOffer(roomId: RoomId): void {
    this.#offered.add(roomId);
  }

  /** The oldest PDUs of the rooms that wait, as many as one transaction may hold. A room that fails is passed over. */
  async read(): Promise<readonly FlightPart[]> {
    const parts: FlightPart[] = [];
    let left = MAX_PDUS;
    for (const cursor of this.#store.cursors()) {
      if (left === 0) break;
      const part = await this.#readRoom(cursor, left);
      if (part === undefined) continue;
      parts.push(part);
      left -= part.pdus.length;
    }
    return parts;
  }

  async #readRoom(cursor: RoomCursor, limit: number): Promise<FlightPart | undefined> {
    const { roomId, epoch, from } = cursor;
    this.#offered.delete(roomId);
    const request = { roomId, epoch, from, server: this.#destination, limit };
    let range = await this.#ask(request);
    if (range !== undefined && range.unsent > MAX_CATCH_UP) {
      if (limit < MAX_PDUS) return undefined;
      range = await this.#ask({ ...request, newest: true });
    }
    if (range === undefined) return undefined;
    const [first] = range.pdus;
    if (first !== undefined && range.epoch === epoch) {
      return {
        roomId,
        epoch,
        from: range.unsent > MAX_CATCH_UP ? first.pos - 1 : from,
        to: range.to,
        pdus: range.pdus,
      };
    }
    if (range.epoch === epoch && !this.#offered.has(roomId)) this.#store.removeCursor(roomId);
    else this.#store.putCursor({ roomId, epoch: range.epoch, from: range.to });
    return undefined;
  }

  async #ask(request: Parameters<RoomRanges['read']>[0]): Promise<RoomRange | undefined> {
    try {
      return await this.#rooms.read(request);
    } catch {
      return undefined;
    }
  }

  /** Reads again what an earlier life of this object sent and nobody confirmed. */
  async reread({ parts, edus, kept, ts }: StoredTransaction): Promise<Flight> {
    const read: FlightPart[] = [];
    for (const { roomId, epoch, from, to, count } of parts) {
      const range = await this.#ask({ roomId, epoch, from, to, server: this.#destination, limit: count });
      if (range !== undefined && range.epoch === epoch && range.pdus.length > 0) {
        read.push({ roomId, epoch, from, to: Math.min(to, range.to), pdus: range.pdus });
      }
    }
    const again = kept === undefined ? [] : this.#store.keptEdus.between(kept.from, kept.to, MAX_EDUS);
    return { parts: read, edus, kept: again, ts };
  }
}
