import type { FederationResult } from '../../../src/federation/client.ts';
import type {
  OutgoingPdu,
  RoomOffer,
  RoomRange,
  RoomRangeRequest,
  SendingStore,
  Transaction,
} from '../../../src/federation/sending/ports.ts';
import { RetrySlots } from '../../../src/federation/sending/retry-slots.ts';
import { Sender } from '../../../src/federation/sending/sender.ts';
import type { EventId, RoomId, ServerName } from '../../../src/matrix/ids/brands.ts';
import { memorySendingStore } from './memory-sending-store.ts';

export const aRoomId = (name: string) => `!${name}:us.test` as RoomId;

const anOutgoingPdu = (room: RoomId, pos: number): OutgoingPdu => ({
  pos,
  eventId: `$${room}-${pos}` as EventId,
  json: `{"content":{},"room":"${room}","pos":${pos}}`,
});

/** A range `(from, to]` in which every position is a PDU for the server. */
export function anOffer(roomId: RoomId, from: number, to: number, epoch = 'e1'): RoomOffer {
  const pdus = Array.from({ length: to - from }, (_, index) => anOutgoingPdu(roomId, from + 1 + index));
  return { roomId, epoch, from, to, pdus };
}

/** Rooms whose every position up to the head is a PDU for the server. */
export function stubRooms() {
  const heads = new Map<RoomId, number>();
  const reads: RoomRangeRequest[] = [];
  const failing = new Set<RoomId>();
  let epoch = 'e1';
  let onRead: (() => void) | undefined;
  return {
    heads,
    reads,
    failing,
    setEpoch: (next: string) => (epoch = next),
    onRead: (work: () => void) => (onRead = work),
    read: async (request: RoomRangeRequest): Promise<RoomRange> => {
      reads.push(request);
      const { roomId, from, to: until = Infinity, limit, newest = false } = request;
      if (failing.has(roomId)) throw new Error('the room is overloaded');
      const head = Math.min(heads.get(roomId) ?? 0, until);
      const unsent = Math.max(head - from, 0);
      const start = newest ? Math.max(head - limit, from) : from;
      const to = newest ? head : Math.min(from + limit, head);
      onRead?.();
      if (request.epoch !== epoch) return { epoch, pdus: [], to: head, unsent: 0 };
      return { epoch, pdus: anOffer(roomId, start, to).pdus, to: Math.max(to, from), unsent: Math.min(unsent, 501) };
    },
  };
}

type Answer = FederationResult<void> | 'wait';

export const refusal = (status: number, retryAfterMs?: number): FederationResult<void> => ({
  ok: false,
  reason: { kind: 'refused', status, errcode: 'M_UNKNOWN', error: 'no', retryAfterMs },
});
export const down: FederationResult<void> = { ok: false, reason: { kind: 'unreachable', reason: 'refused' } };

/** A sender with a clock, timers and a server in the test's hand. */
export function aSender(options: { store?: SendingStore; rooms?: ReturnType<typeof stubRooms> } = {}) {
  const memory = memorySendingStore();
  const store = options.store ?? memory.store;
  const rooms = options.rooms ?? stubRooms();
  const sent: Transaction[] = [];
  const alarms: number[] = [];
  const lost: { count: number; reason: string }[] = [];
  const timers = new Set<{ at: number; work: () => void }>();
  const waiting: ((answer: FederationResult<void>) => void)[] = [];
  let time = 1_000_000;
  let wanted = (edus: readonly string[]) => edus;
  let answers: (transaction: Transaction) => Answer = () => ({ ok: true, value: undefined });
  const retries = new RetrySlots(() => time);
  const sender = new Sender({
    serverName: 'us.test' as ServerName,
    destination: 'peer.test' as ServerName,
    store,
    rooms,
    wanted: async (edus) => wanted(edus),
    send: async (transaction) => {
      sent.push(transaction);
      const answer = answers(transaction);
      return answer === 'wait' ? new Promise((resolve) => waiting.push(resolve)) : answer;
    },
    retries,
    now: () => time,
    random: () => 1,
    after: (delayMs, work) => {
      const timer = { at: time + delayMs, work };
      timers.add(timer);
      return () => timers.delete(timer);
    },
    lost: (count, reason) => lost.push({ count, reason }),
    wakeAt: (at) => alarms.push(at),
  });
  return {
    sender,
    store,
    memory,
    rooms,
    sent,
    alarms,
    lost,
    retries,
    now: () => time,
    serverAnswers: (next: typeof answers) => (answers = next),
    settingsLetOut: (next: typeof wanted) => (wanted = next),
    /** Answers the transaction that waits. */
    release: (answer: FederationResult<void> = { ok: true, value: undefined }) => waiting.shift()?.(answer),
    pass: (ms: number) => {
      time += ms;
      for (const timer of timers) {
        if (timer.at > time) continue;
        timers.delete(timer);
        timer.work();
      }
    },
    positions: () => sent.map(({ body }) => (body['pdus'] as unknown as { pos: number }[]).map(({ pos }) => pos)),
  };
}

/** Lets everything run that waits for nothing but promises. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 200; turn += 1) await Promise.resolve();
}
