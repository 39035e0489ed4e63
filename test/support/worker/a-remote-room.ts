import { buildPdu, type PduDraft } from '../../../src/matrix/event/build.ts';
import type { Pdu } from '../../../src/matrix/event/pdu.ts';
import type { EventId, RoomId, ServerName, UserId } from '../../../src/matrix/ids/brands.ts';
import { parseJson } from '../../../src/matrix/json/strict-json.ts';
import { isJsonObject, type JsonObject } from '../../../src/matrix/json/json-value.ts';
import type { KeyRing } from '../../../src/federation/key-ring.ts';
import type { DecidedPdu, ParkedPdu, PduVerdict, RoomDecisions } from '../../../src/federation/receive/ports.ts';
import { rulesOf } from '../core/rules-of.ts';
import type { TestServer } from '../core/test-keys.ts';

export const roomRules = rulesOf('11');
export const roomId = '!room:peer.test' as RoomId;

let events = 0;

/** A message by a user of the server, hashed and signed, unless `changes` say otherwise. */
export function aSignedPdu(server: TestServer, parents: readonly Pdu[] = [], changes: Partial<PduDraft> = {}): Pdu {
  events += 1;
  const built = buildPdu(
    roomRules,
    {
      roomId,
      type: 'm.room.message',
      sender: `@user:${server.name}` as UserId,
      content: { body: `${events}` },
      prevEvents: parents.map(({ eventId }) => eventId),
      authEvents: [],
      depth: 1 + Math.max(0, ...parents.map(({ depth }) => depth)),
      originServerTs: 1_700_000_000_000,
      ...changes,
    },
    server.name,
    server.signingKey,
  );
  if (!built.ok) throw new Error(built.reason.kind);
  return built.value;
}

/** Knows the keys of these servers; others are `unavailable`. */
export const keysOf = (...servers: readonly TestServer[]): KeyRing => ({
  keyFor: async (name, keyId) => {
    const server = servers.find((other) => other.name === name);
    if (server === undefined) return 'unavailable';
    return keyId === server.signingKey.keyId ? server.verifyKey : 'unknown';
  },
});

const idsOf = (json: string, key: string): readonly EventId[] => {
  const parsed = parseJson(json);
  if (!parsed.ok || !isJsonObject(parsed.value)) throw new Error('not an object');
  return parsed.value[key] as unknown as readonly EventId[];
};

/** The twin of a room: it accepts whatever has its parents in the graph and its auth events stored. */
export function memoryRoom(known: readonly Pdu[] = [], servers: readonly string[] = []) {
  const graph = new Set(known.map(({ eventId }) => eventId));
  const outliers = new Set<EventId>();
  const parked: ParkedPdu[] = [];
  const decided: DecidedPdu[][] = [];
  const refusals = new Map<EventId, string>();
  const refusedBy: ServerName[] = [];
  const has = (id: EventId) => graph.has(id) || outliers.has(id);
  const judge = (pdu: DecidedPdu): PduVerdict => {
    const { eventId, json, claim } = pdu;
    const reason = refusals.get(eventId);
    if (reason !== undefined) return { kind: 'refused', eventId, reason };
    if (graph.has(eventId)) return { kind: 'known', eventId };
    const prev = claim === undefined ? idsOf(json, 'prev_events').filter((id) => !graph.has(id)) : [];
    const auth = [...idsOf(json, 'auth_events'), ...(claim ?? [])].filter((id) => !has(id));
    if (prev.length + auth.length > 0) return { kind: 'needs', eventId, prev, auth };
    graph.add(eventId);
    return { kind: 'accepted', eventId };
  };
  const rooms: RoomDecisions = {
    decide: async ({ pdus }) => {
      decided.push([...pdus]);
      return pdus.map(judge);
    },
    storeOutliers: async ({ pdus }) => {
      const lacking: EventId[] = [];
      for (const { eventId, json } of pdus) {
        if (idsOf(json, 'auth_events').every(has)) outliers.add(eventId);
        else lacking.push(eventId);
      }
      return lacking;
    },
    unknownEvents: async ({ eventIds }) => eventIds.filter((id) => !has(id)),
    frontier: async () => ({ extremities: [...graph].slice(-1), servers: servers as ServerName[] }),
    beginFill: async () => true,
    endFill: async () => {},
    park: async ({ pdus }) => void parked.push(...pdus),
    serverRefused: async ({ server }) => void refusedBy.push(server),
  };
  return { rooms, graph, outliers, parked, decided, refusals, refusedBy };
}

/** A server that has these events, with what it was asked. */
export function aPeerWith(pdus: readonly Pdu[], answers: Readonly<Record<string, JsonObject>> = {}) {
  const asked: string[] = [];
  const refused = { kind: 'refused', status: 404, errcode: 'M_NOT_FOUND', error: '', retryAfterMs: undefined } as const;
  return {
    asked,
    client: {
      request: async ({ target, destination }: { target: string; destination: ServerName }) => {
        asked.push(`${destination} ${target}`);
        const path = decodeURIComponent(target.split('?')[0] ?? '');
        const event = pdus.find(({ eventId }) => path === `/_matrix/federation/v1/event/${eventId}`);
        if (event !== undefined) return { ok: true as const, value: { pdus: [event.json] } };
        const [, answer] = Object.entries(answers).find(([start]) => path.startsWith(start)) ?? [];
        return answer === undefined ? { ok: false as const, reason: refused } : { ok: true as const, value: answer };
      },
    },
  };
}
