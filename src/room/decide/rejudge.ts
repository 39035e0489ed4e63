// An event that was rejected, or judged by a redacted copy, has another verdict now: so may what rests on it.
import { isCutDown } from '../../matrix/event/cut-down.ts';
import type { Pdu } from '../../matrix/event/pdu.ts';
import { stateTuple } from '../../matrix/event/state-map.ts';
import type { EventId } from '../../matrix/ids/brands.ts';
import { decisionFailed } from '../../observability/events.ts';
import type { RoomContext } from '../room-context.ts';
import { resolveRefs } from '../state/resolve.ts';
import { withChange } from '../state/state-at.ts';
import type { StateRef, StoredEvent } from '../store.ts';
import { checkAuthEvents } from './check-auth-events.ts';
import { inGraph } from './find-missing.ts';
import { judge } from './judge.ts';
import { oldestFirst } from './oldest-first.ts';
import { setCurrentState } from './set-current-state.ts';
import { stateAfterParents } from './state-before.ts';

/** Events that are looked at again because of one: past it they stay as they are. */
const MAX_REJUDGED = 200;

/**
 * Decides again what was rejected because it names this event as an auth event, and what that leads to; and what
 * follows any of them in the graph has its states worked out again, and, if it was rejected, its verdict. What was
 * accepted stays accepted. A failure takes back all of it but not the event's own verdict.
 * @param what `content`: only what the event says has changed, not whether it counts.
 * Source: contracts, section 4.7.
 */
export function rejudgeFollowers(ctx: RoomContext, eventId: EventId, what: 'verdict' | 'content'): void {
  const done = ctx.attempt(() => {
    let budget = MAX_REJUDGED;
    const changed = [eventId];
    for (let id = changed.shift(); id !== undefined && budget > 0; id = changed.shift()) {
      const rejected = ctx.store.events.rejectedAuthChildren(id);
      const followers = id === eventId && what === 'content' ? [] : followersOf(ctx, id, budget);
      budget -= rejected.length + followers.length;
      changed.push(...rejected.filter((childId) => isUnrejected(ctx, childId)));
      changed.push(...followers.filter((followerId) => followAgain(ctx, followerId)));
      if (followers.length > 0) moveToExtremities(ctx);
    }
  });
  if (!done.ok) decisionFailed({ roomId: ctx.store.meta.roomId(), eventId, attempts: 1, error: done.reason });
}

/** Whose states before rest on an event that counts now: what comes after a state event in the graph, parents first. */
function followersOf({ store }: RoomContext, eventId: EventId, limit: number): readonly EventId[] {
  const start = store.events.get(eventId);
  if (start?.after === undefined || start.pdu.stateKey === undefined) return [];
  const found = new Map<EventId, Pdu>();
  const open = [...store.events.children(eventId)];
  for (let id = open.shift(); id !== undefined && found.size < limit; id = open.shift()) {
    const event = store.events.get(id);
    if (event?.after === undefined || found.has(id)) continue;
    found.set(id, event.pdu);
    open.push(...store.events.children(id));
  }
  return oldestFirst([...found.values()]).map((pdu) => pdu.eventId);
}

/** Judges a rejected event again. @returns whether it is rejected no more. */
function isUnrejected(ctx: RoomContext, eventId: EventId): boolean {
  const event = ctx.store.events.get(eventId);
  if (event?.status !== 'rejected' || isCutDown(event.pdu)) return false;
  if (event.after !== undefined) return judgeAgain(ctx, event, beforeAgain(ctx, event));
  if (!checkAuthEvents(ctx, event.pdu).ok) return false;
  ctx.store.events.update({ ...event, status: 'outlier', reason: undefined });
  return true;
}

/** Works out the states of an event again. @returns whether it was rejected, and is no more. */
function followAgain(ctx: RoomContext, eventId: EventId): boolean {
  const event = ctx.store.events.get(eventId);
  if (event === undefined) return false;
  const before = beforeAgain(ctx, event);
  if (event.status === 'rejected') return judgeAgain(ctx, event, before);
  const { stateKey, type } = event.pdu;
  const after =
    stateKey === undefined || before === undefined
      ? before
      : withChange(ctx.store, before, stateTuple(type, stateKey), eventId);
  ctx.store.events.update({ ...event, before, after });
  return false;
}

function judgeAgain(ctx: RoomContext, event: StoredEvent, before: StateRef | undefined): boolean {
  if (before === undefined || isCutDown(event.pdu)) return false;
  const { pdu, provisional } = event;
  const incoming = { pdu, provisional, origin: ctx.serverName };
  return judge(ctx, incoming, before).kind !== 'rejected';
}

/** With a parent missing the state before it rests on a claim, which is not kept by itself: it stays. */
function beforeAgain(ctx: RoomContext, { pdu, before }: StoredEvent): StateRef | undefined {
  const isWhole = pdu.prevEvents.length > 0 && pdu.prevEvents.every((id) => inGraph(ctx.store, id));
  return isWhole ? stateAfterParents(ctx, pdu) : before;
}

/** The current state is that after the extremities, whose states may have changed. */
function moveToExtremities(ctx: RoomContext): void {
  const { store } = ctx;
  const refs = store.extremities.forward().map((id) => store.events.get(id)?.after);
  setCurrentState(
    ctx,
    resolveRefs(
      ctx,
      refs.filter((ref) => ref !== undefined),
    ),
  );
}
