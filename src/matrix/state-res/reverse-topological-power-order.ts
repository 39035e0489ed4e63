import type { PowerLevel } from '../auth/power-levels.ts';
import type { Pdu } from '../event/pdu.ts';
import type { EventId } from '../ids/brands.ts';
import { BinaryHeap } from './binary-heap.ts';
import { isEarlier } from './event-order.ts';

interface Vertex {
  readonly event: Pdu;
  readonly power: PowerLevel;
  /** How many of its auth events within the set are not in the list yet. */
  waitsFor: number;
  readonly citedBy: Vertex[];
}

/**
 * Sorts events so that each one comes after its auth events: the reverse topological power ordering, by Kahn's
 * algorithm.
 * @param events the power events and their auth chains within the full conflicted set; any order.
 * @param senderPower the power level of an event's sender by the event's own auth events; a creator's may be infinite.
 * @returns first to apply first; among candidates: higher sender power, lower origin_server_ts (ms), lower ID.
 * Cannot fail: an auth event outside `events` is ignored. Source: Room Version 2, "Reverse topological power ordering".
 */
export function reverseTopologicalPowerOrder(
  events: ReadonlyMap<EventId, Pdu>,
  senderPower: (event: Pdu) => PowerLevel,
): Pdu[] {
  const vertices = new Map<EventId, Vertex>();
  for (const [id, event] of events) {
    vertices.set(id, { event, power: senderPower(event), waitsFor: 0, citedBy: [] });
  }
  const candidates = new BinaryHeap<Vertex>(comesFirst);
  for (const vertex of vertices.values()) {
    for (const id of new Set(vertex.event.authEvents)) {
      const auth = vertices.get(id);
      if (auth === undefined) continue;
      auth.citedBy.push(vertex);
      vertex.waitsFor += 1;
    }
    if (vertex.waitsFor === 0) candidates.push(vertex);
  }
  const ordered: Pdu[] = [];
  for (let vertex = candidates.pop(); vertex !== undefined; vertex = candidates.pop()) {
    ordered.push(vertex.event);
    for (const citing of vertex.citedBy) {
      citing.waitsFor -= 1;
      if (citing.waitsFor === 0) candidates.push(citing);
    }
  }
  return ordered;
}

function comesFirst(x: Vertex, y: Vertex): boolean {
  if (x.power !== y.power) return x.power > y.power;
  return isEarlier(x.event, y.event);
}
