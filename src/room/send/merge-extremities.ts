import type { UserId } from '../../matrix/ids/brands.ts';
import { isJoined } from '../receipts/receipt-edu.ts';
import type { RoomContext } from '../room-context.ts';
import type { RoomStore } from '../store.ts';
import { sendEvent } from './send-event.ts';

/** State is resolved over all extremities with each event, so that more than these cost every reader of the room. */
const MANY = 10;

/** Each joins 20 extremities. */
const MAX_EVENTS = 10;
const MAX_SENDERS = 10;

/** Known to other servers under this name; the specification has none. */
const TYPE = 'org.matrix.dummy_event';

/** Whether the graph has so many ends that {@link mergeExtremities} should join them. */
export const hasManyExtremities = ({ extremities }: Pick<RoomStore, 'extremities'>): boolean =>
  extremities.forward().length > MANY;

/**
 * Joins forward extremities where they have piled up and nobody here speaks, by events without content in the name of
 * a local member who may send them. Without such a member they stay as they are.
 */
export function mergeExtremities(ctx: RoomContext): void {
  const { store, serverName } = ctx;
  if (store.meta.lifecycle() !== 'live') return;
  const senders = store.state.usersOfServer(serverName).filter((userId) => isJoined(store, userId));
  for (let sent = 0; sent < MAX_EVENTS && hasManyExtremities(store); sent += 1) {
    if (!senders.slice(0, MAX_SENDERS).some((sender) => isSent(ctx, sender))) return;
  }
}

function isSent(ctx: RoomContext, sender: UserId): boolean {
  // What is forbidden throws, and takes back what it wrote.
  return ctx.attempt(() => sendEvent(ctx, { type: TYPE, sender, content: {} })).ok;
}
