import type {
  Reachability,
  RoomCursor,
  SendingStore,
  StoredTransaction,
  WaitingEdu,
} from '../../../src/federation/sending/ports.ts';
import type { RoomId } from '../../../src/matrix/ids/brands.ts';

/** The twin of the destination's tables. `writes` counts what would be a commit. */
export function memorySendingStore() {
  const cursors = new Map<RoomId, RoomCursor>();
  const parked: Parameters<SendingStore['park']>[0][] = [];
  let reachability: Reachability = { attempt: 0, until: 0, kind: 'up', reason: '' };
  let unconfirmed: StoredTransaction | undefined;
  let lastSuccess: number | undefined;
  let writes = 0;
  const kept: (WaitingEdu & { readonly id: string })[] = [];
  let keptSeq = 0;
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
    lastSuccess: () => lastSuccess,
    noteSuccess: (at) => {
      lastSuccess = at;
    },
    unconfirmed: () => unconfirmed,
    setUnconfirmed: (transaction) => {
      writes += 1;
      unconfirmed = transaction;
    },
    keptEdus: {
      has: () => kept.length > 0,
      count: () => kept.length,
      keep: ({ id, json }) => {
        writes += 1;
        keptSeq += 1;
        if (!kept.some((edu) => edu.id === id)) kept.push({ id, json, seq: keptSeq });
        return 0;
      },
      first: (limit) => kept.slice(0, limit),
      between: (from, to, limit) => kept.filter(({ seq }) => seq >= from && seq <= to).slice(0, limit),
      remove: (upTo) => {
        writes += 1;
        kept.splice(0, kept.length, ...kept.filter(({ seq }) => seq > upTo));
      },
    },
  };
  return { store, parked, writes: () => writes };
}
