// POST /_eyrie/admin/v1/receipts
import { Hono } from 'hono';
import * as v from 'valibot';

import { settledInTurns } from '../../../federation/settled-in-turns.ts';
import { MatrixError } from '../../../matrix/error.ts';
import type { EventId, RoomId } from '../../../matrix/ids/brands.ts';
import type { LatestReceipt } from '../../../room/receipts/put-latest-receipt.ts';
import { eventIdOf, roomIdOf, userIdOf } from '../../client/path-ids.ts';
import { jsonBody } from '../../middleware/json-body.ts';
import { quietUsers, type WorkspaceDeps } from './workspace-deps.ts';

const MAX_RECEIPTS = 500;
const MAX_EVENTS = 100;

const Receipt = v.strictObject({
  room_id: v.string(),
  user_id: v.string(),
  event_ids: v.pipe(v.array(v.string()), v.minLength(1), v.maxLength(MAX_EVENTS)),
  thread_id: v.optional(v.pipe(v.string(), v.minLength(1))),
  type: v.optional(v.picklist(['m.read', 'm.read.private']), 'm.read'),
});
const Body = v.strictObject({ receipts: v.pipe(v.array(Receipt), v.minLength(1), v.maxLength(MAX_RECEIPTS)) });

interface Wanted {
  readonly roomId: RoomId;
  readonly receipt: LatestReceipt;
}

type Result = { readonly event_id: EventId } | { readonly reason: string };

const ROOMS_AT_ONCE = 6;
const UNKNOWN_ROOM: Result = { reason: 'unknown-room' };

/** Receipts of several users in several rooms, each for the latest of some events; every one stands or fails alone. */
export const postReceipts = (deps: WorkspaceDeps) =>
  new Hono().post('/_eyrie/admin/v1/receipts', ...deps.requireWorkspace, jsonBody(Body), async (c) => {
    const wanted = c.req.valid('json').receipts.map(wantedOf);
    const refused = await quietUsers(
      deps,
      c.var.reach,
      wanted.map(({ receipt }) => receipt.userId),
    );
    const results = new Map<Wanted, Result>();
    for (const one of wanted) {
      const reason = refused.get(one.receipt.userId);
      if (reason !== undefined) results.set(one, { reason });
    }
    const byRoom = Map.groupBy(
      wanted.filter((one) => !results.has(one)),
      ({ roomId }) => roomId,
    );
    const ended = await settledInTurns(ROOMS_AT_ONCE, [...byRoom], ([roomId, all]) => putIn(deps, roomId, all));
    for (const [room, [, all]] of [...byRoom].entries()) {
      const told = ended[room];
      for (const [at, one] of all.entries()) {
        results.set(
          one,
          told?.status === 'fulfilled' ? (told.value[at] ?? UNKNOWN_ROOM) : { reason: 'room-unavailable' },
        );
      }
    }
    return c.json({
      results: wanted.map((one) => ({
        room_id: one.roomId,
        user_id: one.receipt.userId,
        ...(results.get(one) ?? UNKNOWN_ROOM),
      })),
    });
  });

function wantedOf(receipt: v.InferOutput<typeof Receipt>): Wanted {
  const { room_id: roomId, user_id: userId, event_ids: eventIds, thread_id: threadId, type } = receipt;
  const thread = threadId === undefined || threadId === 'main' ? (threadId ?? '') : eventIdOf(threadId);
  return {
    roomId: roomIdOf(roomId),
    receipt: { userId: userIdOf(userId), type, threadId: thread, eventIds: eventIds.map(eventIdOf) },
  };
}

async function putIn(
  { registry, rooms, now }: WorkspaceDeps,
  roomId: RoomId,
  wanted: readonly Wanted[],
): Promise<readonly Result[]> {
  if (!(await registry.has(roomId))) return [];
  const receipts = wanted.map(({ receipt }) => receipt);
  const outcomes = await rooms.latestReceipts({ roomId, receipts, ts: now() }).catch((error: unknown) => {
    // A join that was begun and never came about leaves a room that is not there.
    if (error instanceof MatrixError && error.status === 404) return [];
    throw error;
  });
  return outcomes.map((outcome) => ('reason' in outcome ? outcome : { event_id: outcome.eventId }));
}
