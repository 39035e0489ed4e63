import type {
  Reachability,
  RoomCursor,
  SendingStore,
  StoredTransaction,
} from '../../../src/federation/sending/ports.ts';
import type { RoomId } from '../../../src/matrix/ids/brands.ts';

/** The twin of the destination's tables. `writes` counts what would be a commit. */
export function memorySendingStore() {
  const cursors = new Map<RoomId, RoomCursor>();
  const parked: Parameters<SendingStore['park']>[0][] = [];
  let reachability: Reachability = { attempt: 0, until: 0, kind: 'up', reason: '' };
  let unconfirmed: StoredTransaction | undefined;
  let writes = 0;
  const store: SendingStore = {
    transaction: (work) => work(),
    cursors: () => [...cursors.values()],
    cursor: (roomId) => cursors.get(roomId),
    putCursor: (cursor) => {
      writes += 1;
      cursors.set(cursor.roomId, cursor);
    },
    removeCursor: (roomId) => {
      writes += 1;
      cursors.delete(roomId);
    },
    park: (pdu) => {
      writes += 1;
      parked.push(pdu);
    },
    refusedCount: () => parked.length,
    refused: (limit) => parked.toReversed().slice(0, limit),
    reachability: () => reachability,
    setReachability: (next) => {
      writes += 1;
      reachability = next;
    },
    unconfirmed: () => unconfirmed,
    setUnconfirmed: (transaction) => {
      writes += 1;
      unconfirmed = transaction;
    },
  };
  return { store, parked, writes: () => writes };
}
