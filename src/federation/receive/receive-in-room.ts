import type { EventId } from '../../matrix/ids/brands.ts';
import type { JsonObject } from '../../matrix/json/json-value.ts';
import { MatrixError, unavailable } from '../../matrix/error.ts';
import { checkedPdu } from './candidates.ts';
import { keysUntil } from './pdu-checker.ts';
import { receivePdu, type CheckOutcome } from './receive-pdu.ts';
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
 * Receives the PDUs of one transaction for one room. Resolves when each of them is decided, refused or kept durably.
 * Rejects with 503 where the room did not take them: the sender repeats the whole transaction.
 */
export async function receiveInRoom(
  deps: ReceiptDeps,
  room: ReceivingRoom,
  events: readonly JsonObject[],
  deadlines: Deadlines,
): Promise<readonly PduResult[]> {
  let outcomes: readonly CheckOutcome[] = [];
  try {
    const inTime = { ...deps, keys: keysUntil(deps.keys, deadlines.keys) };
    outcomes = await Promise.all(events.map((json) => receivePdu(inTime, room.rules, json)));
    await parkUnverified(deps, room, outcomes);
    const checked = outcomes
      .filter((outcome) => outcome.kind === 'checked')
      .filter(({ pdu }) => pdu.roomId === room.roomId);
    const receipt = new RoomReceipt(deps, room, checked);
    await receipt.decide();
    await settle(receipt, deadlines);
    return outcomes.flatMap((outcome) => resultOf(outcome, receipt));
  } catch (error) {
    if (!(error instanceof MatrixError) || error.status >= 500) throw unavailable('A room could not take its events');
    const { message } = error;
    return outcomes.flatMap((outcome) => withError(outcome, message));
  }
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
