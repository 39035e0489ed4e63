import type { RoomId } from '../../matrix/ids/brands.ts';
import type { OfferAnswer, OutgoingPdu, RoomCursor, RoomOffer } from './ports.ts';
import { MAX_PDUS, firstOf, type FlightPart } from './transaction.ts';

interface Entry {
  readonly offer: RoomOffer;
  readonly settle: (answer: OfferAnswer) => void;
  /** What the server has of it: everything up to here. */
  sentTo: number;
}

/** Offers that are in memory only, in the order they came, until they are sent or given up to a cursor. */
export class OfferQueue {
  #entries: Entry[] = [];

  get size(): number {
    return this.#entries.length;
  }

  add(offer: RoomOffer, settle: (answer: OfferAnswer) => void): void {
    this.#entries.push({ offer, settle, sentTo: offer.from });
  }

  /** The oldest PDUs, as many as one transaction may hold. They stay in the queue until `sent`. */
  peek(): readonly FlightPart[] {
    const parts: FlightPart[] = [];
    let left = MAX_PDUS;
    for (const { offer, sentTo } of this.#entries) {
      if (left === 0) break;
      const pdus: readonly OutgoingPdu[] = offer.pdus.filter(({ pos }) => pos > sentTo);
      const part = firstOf({ roomId: offer.roomId, epoch: offer.epoch, from: sentTo, to: offer.to, pdus }, left);
      parts.push(part);
      left -= part.pdus.length;
    }
    return parts;
  }

  /** The server has this part of the room's oldest offer. */
  sent({ roomId, to }: FlightPart): void {
    const entry = this.#entries.find(({ offer }) => offer.roomId === roomId);
    if (entry === undefined) return;
    entry.sentTo = to;
    if (to < entry.offer.to) return;
    this.#entries = this.#entries.filter((other) => other !== entry);
    entry.settle('sent');
  }

  /** Gives up one room, or all: from here on its cursor stands for it. */
  take(roomId?: RoomId): readonly { readonly cursor: RoomCursor; readonly settle: Entry['settle'] }[] {
    const isTaken = ({ offer }: Entry) => roomId === undefined || offer.roomId === roomId;
    const taken = this.#entries.filter(isTaken);
    this.#entries = this.#entries.filter((entry) => !isTaken(entry));
    return taken.map(({ offer, settle, sentTo }) => ({
      cursor: { roomId: offer.roomId, epoch: offer.epoch, from: sentTo },
      settle,
    }));
  }
}
