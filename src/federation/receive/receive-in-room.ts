import type { EventId } from '../../matrix/ids/brands.ts';
import type { JsonObject } from '../../matrix/json/json-value.ts';
import { MatrixError, unavailable } from '../../matrix/error.ts';
import { checkedPdu } from './candidates.ts';
import { keysUntil } from './pdu-checker.ts';
import { receivePdu, type CheckOutcome } from './receive-pdu.ts';
import type { CheckedPdu } from './ports.ts';
import type { ReceivingRoom } from './receiving-room.ts';
import { RoomReceipt, type ReceiptDeps } from './room-receipt.ts';

/** What the sender is told of one PDU: `error`, where it is the PDU's own fault. */
export interface PduResult {
  readonly eventId: EventId;
  readonly error?: string;
  /** Whether it was given to the room and decided there. */
  readonly isDecided?: boolean;
}

/** By when what is to be done, so that the sender is answered in time. */
export interface Deadlines {
  /** Keys that have not come by then count as unavailable. */
  readonly keys: Promise<void>;
  /** What has not been fetched by then is fetched in the background. */
  readonly fetching: Promise<void>;
  /** A room that has not answered by then took nothing. */
  readonly answer: Promise<void>;
  /** Lets work go on after the answer. */
  readonly background: (work: Promise<void>) => void;
}

/**
 * What is done with checked PDUs that the room did not take: it threw, was reset, is overloaded or too slow. Resolves
 * where they are kept durably, elsewhere; what it throws is the outcome of all.
 */
export type OnNotTaken = (room: ReceivingRoom, pdus: readonly CheckedPdu[], error: unknown) => Promise<void>;

/** Nobody keeps them: the sender repeats the whole transaction. */
export const notTaken: OnNotTaken = async () => {
  throw unavailable('A room could not take its events');
};

/**
 * Receives the PDUs of one transaction for one room. Resolves when each of them is decided, refused or kept durably.
 */
export async function receiveInRoom(
  deps: ReceiptDeps & { readonly onNotTaken: OnNotTaken },
  room: ReceivingRoom,
  events: readonly JsonObject[],
  deadlines: Deadlines,
): Promise<readonly PduResult[]> {
  const inTime = { ...deps, keys: keysUntil(deps.keys, deadlines.keys) };
  const outcomes = await check(inTime, room, events);
  const checked = outcomes
    .filter((outcome) => outcome.kind === 'checked')
    .filter(({ pdu }) => pdu.roomId === room.roomId);
  const receipt = new RoomReceipt(deps, room, checked);
  try {
    await before(deadlines.answer, take(deps, room, outcomes, receipt, deadlines));
  } catch (error) {
    if (error instanceof MatrixError && error.status < 500) {
      const { message } = error;
      return outcomes.flatMap((outcome) => withError(outcome, message));
    }
    const kept = outcomes
      .filter((outcome) => outcome.kind !== 'dropped')
      .filter(({ pdu }) => pdu.roomId === room.roomId);
    await deps.onNotTaken(
      room,
      kept.map((outcome) => checkedPdu({ provisional: false, ...outcome })),
      error,
    );
  }
  return outcomes.flatMap((outcome) => resultOf(outcome, receipt));
}

/** What keeps a check from its end (no store of keys) is nobody's fault. */
async function check(
  deps: ReceiptDeps,
  { rules }: ReceivingRoom,
  events: readonly JsonObject[],
): Promise<readonly CheckOutcome[]> {
  try {
    return await Promise.all(events.map((json) => receivePdu(deps, rules, json)));
  } catch {
    throw unavailable('The events could not be checked');
  }
}

async function take(
  deps: ReceiptDeps,
  room: ReceivingRoom,
  outcomes: readonly CheckOutcome[],
  receipt: RoomReceipt,
  deadlines: Deadlines,
): Promise<void> {
  await parkUnverified(deps, room, outcomes);
  await receipt.decide();
  await settle(receipt, deadlines);
}

async function before(late: Promise<void>, work: Promise<void>): Promise<void> {
  await Promise.race([
    work,
    late.then(() => {
      throw unavailable('A room did not answer in time');
    }),
  ]);
}

async function parkUnverified(
  deps: ReceiptDeps,
  room: ReceivingRoom,
  outcomes: readonly CheckOutcome[],
): Promise<void> {
  const { roomId, origin } = room;
  const pdus = outcomes
    .filter((outcome) => outcome.kind === 'unverified')
    .filter(({ pdu }) => pdu.roomId === roomId)
    .map(({ pdu, server }) => ({ ...checkedPdu({ pdu, provisional: false }), missing: [], unverified: server }));
  if (pdus.length > 0) await deps.rooms.park({ roomId, origin, pdus });
}

/** Fetches what is missing. At the deadline what is open is kept by the room, and the fetching goes on. */
async function settle(receipt: RoomReceipt, deadlines: Deadlines): Promise<void> {
  const fetching = receipt.resolveNeeds();
  const isDone = await Promise.race([
    // What could not be fetched is parked, whatever the reason.
    fetching.then(() => true).catch(() => true),
    deadlines.fetching.then(() => false),
  ]);
  await receipt.park();
  if (!isDone) deadlines.background(fetching.then(() => receipt.park()).catch(() => undefined));
}

function resultOf(outcome: CheckOutcome, receipt: RoomReceipt): readonly PduResult[] {
  if (outcome.kind === 'dropped') return withError(outcome, outcome.reason);
  const { eventId } = outcome.pdu;
  const verdict = receipt.verdictOf(eventId);
  if (verdict?.kind === 'refused') return [{ eventId, error: verdict.reason }];
  return [{ eventId, isDecided: verdict !== undefined && verdict.kind !== 'needs' && verdict.kind !== 'parked' }];
}

/** An event whose ID cannot be told is left out of the answer. */
function withError(outcome: CheckOutcome, error: string): readonly PduResult[] {
  const eventId = outcome.kind === 'dropped' ? outcome.eventId : outcome.pdu.eventId;
  return eventId === undefined ? [] : [{ eventId, error }];
}
