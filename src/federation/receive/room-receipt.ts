import type { EventId, ServerName } from '../../matrix/ids/brands.ts';
import type { JsonObject } from '../../matrix/json/json-value.ts';
import type { FederationClient } from '../client.ts';
import { checkedPdu, decidedPdu, parentsFirst, type Candidate } from './candidates.ts';
import { MAX_OUTLIERS, fetchAuthEvents } from './fetch-auth-events.ts';
import { MAX_PULLED, fetchEvents, fetchMissingEvents } from './fetch-missing-events.ts';
import { fetchState } from './fetch-state.ts';
import { askPolicyServers } from './ask-policy-servers.ts';
import type { PduVerdict, RoomDecisions } from './ports.ts';
import { receivePdu, type PduChecks } from './receive-pdu.ts';
import type { ReceivingRoom } from './receiving-room.ts';

/** How often the room is asked again with what was fetched (contracts, section 4.2). */
const MAX_ROUNDS = 3;

export interface ReceiptDeps extends PduChecks {
  readonly client: Pick<FederationClient, 'request'>;
  readonly rooms: RoomDecisions;
}

type Needs = Extract<PduVerdict, { kind: 'needs' }>;

/** The events of one transaction for one room, from the first call of `decide` until each is decided or parked. */
export class RoomReceipt {
  readonly #deps: ReceiptDeps;
  readonly #room: ReceivingRoom;
  readonly #candidates = new Map<EventId, Candidate>();
  /** What this receipt began with. */
  readonly #given: ReadonlySet<EventId>;
  /** Produced, but not fit: a child of such an event is as good as pulled. */
  readonly #dropped = new Set<EventId>();
  #frontier: { readonly extremities: readonly EventId[]; readonly servers: readonly ServerName[] } | undefined;
  #hasPulled = false;
  /** Events of which the state before was asked; each once. */
  readonly #asked = new Set<EventId>();
  #outliers = 0;

  constructor(deps: ReceiptDeps, room: ReceivingRoom, given: readonly Pick<Candidate, 'pdu' | 'provisional'>[]) {
    this.#deps = deps;
    this.#room = room;
    this.#given = new Set(given.map(({ pdu }) => pdu.eventId));
    for (const { pdu, provisional } of given) {
      const role = room.pulled?.has(pdu.eventId) === true ? 'pulled' : 'pushed';
      this.#add(pdu.eventId, { pdu, provisional, role });
    }
  }

  /** Has the room decide what is open, parents first. */
  async decide(): Promise<void> {
    const { roomId, origin } = this.#room;
    const open = parentsFirst(this.#open());
    if (open.length === 0) return;
    const verdicts = await this.#deps.rooms.decide({ roomId, origin, pdus: open.map(decidedPdu) });
    for (const verdict of verdicts) {
      const candidate = this.#candidates.get(verdict.eventId);
      if (candidate !== undefined) candidate.verdict = verdict;
    }
  }

  /** Fetches what the room lacks and asks again, a few times; when nobody else does so for this room. */
  async resolveNeeds(): Promise<void> {
    if (this.#needs().length === 0) return;
    const turn = { roomId: this.#room.roomId, holder: crypto.randomUUID() };
    if (!(await this.#deps.rooms.beginFill(turn))) return;
    try {
      // Whoever had the turn before may have brought it all.
      await this.decide();
      for (let round = 0; round < MAX_ROUNDS && this.#needs().length > 0; round += 1) {
        if (!(await this.#fetch())) return;
        await this.decide();
      }
    } finally {
      await this.#deps.rooms.endFill(turn).catch(() => undefined);
    }
  }

  /** Has the room keep what it could not decide. */
  async park(): Promise<void> {
    const { roomId, origin } = this.#room;
    const pdus = this.#needs().map((candidate) => {
      const { prev, auth } = candidate.verdict as Needs;
      const isPulled = candidate.role === 'pulled';
      return { ...checkedPdu(candidate), missing: [...prev, ...auth], ...(isPulled ? { isPulled } : {}) };
    });
    if (pdus.length > 0) await this.#deps.rooms.park({ roomId, origin, pdus });
  }

  verdictOf(eventId: EventId): PduVerdict | undefined {
    return this.#candidates.get(eventId)?.verdict;
  }

  #add(eventId: EventId, candidate: Pick<Candidate, 'pdu' | 'provisional' | 'role'>): void {
    if (!this.#candidates.has(eventId)) {
      this.#candidates.set(eventId, { ...candidate, claim: undefined, isPolicyAsked: false, verdict: undefined });
    }
  }

  #open(): readonly Candidate[] {
    return [...this.#candidates.values()].filter(({ verdict }) => verdict === undefined || verdict.kind === 'needs');
  }

  #needs(): readonly Candidate[] {
    return [...this.#candidates.values()].filter(({ verdict }) => verdict?.kind === 'needs');
  }

  /** @returns whether anything came of it. */
  async #fetch(): Promise<boolean> {
    const pulled = await this.#pull();
    const claimed = await this.#claim();
    const stored = await this.#fetchAuth();
    const policed = await askPolicyServers(this.#deps.client, this.#needs());
    return pulled || claimed || stored || policed;
  }

  /** Parents of the events that were given, once. */
  async #pull(): Promise<boolean> {
    if (this.#hasPulled) return false;
    const children = this.#needs().filter(
      ({ pdu, verdict }) => this.#given.has(pdu.eventId) && this.#lacks(verdict as Needs),
    );
    if (children.length === 0) return false;
    this.#hasPulled = true;
    const { client } = this.#deps;
    const { origin, roomId } = this.#room;
    const { extremities } = await this.#readFrontier();
    const latest = children.map(({ pdu }) => pdu.eventId);
    const before = this.#candidates.size;
    await this.#takePulled(await fetchMissingEvents(client, { origin, roomId, earliest: extremities, latest }));
    const left = children.flatMap(({ verdict }) => this.#missingPrev(verdict as Needs));
    const budget = MAX_PULLED - (this.#candidates.size - before);
    await this.#takePulled(await fetchEvents(client, origin, [...new Set(left)].slice(0, budget)));
    return this.#candidates.size > before || this.#dropped.size > 0;
  }

  async #takePulled(events: readonly JsonObject[]): Promise<void> {
    for (const json of events) {
      const outcome = await receivePdu(this.#deps, this.#room.rules, json);
      if (outcome.kind === 'checked' && outcome.pdu.roomId === this.#room.roomId) {
        this.#add(outcome.pdu.eventId, { ...outcome, role: 'pulled' });
      } else if (outcome.kind === 'dropped' && outcome.eventId !== undefined) this.#dropped.add(outcome.eventId);
    }
  }

  /**
   * The state before the oldest event of a pulled chain, one chain in each round. One that was only pushed is parked instead: its sender could
   * claim any state. One whose parent was produced and came to nothing (dropped, or parked for a decision that threw)
   * counts as pulled: one bad event delays nobody.
   */
  async #claim(): Promise<boolean> {
    const oldest = await this.#oldestPulled();
    if (oldest === undefined) return false;
    this.#asked.add(oldest.pdu.eventId);
    const { servers } = await this.#readFrontier();
    const { origin } = this.#room;
    const others = servers.filter((server) => server !== origin && server !== this.#deps.serverName);
    const ids = await fetchState(this.#deps, this.#room, oldest.pdu.eventId, others);
    if (ids === undefined) return false;
    await this.#fetchOutliers([...ids.state, ...ids.authChain]);
    oldest.claim = ids.state;
    return true;
  }

  async #oldestPulled(): Promise<Candidate | undefined> {
    for (const candidate of parentsFirst(this.#open())) {
      if (this.#asked.has(candidate.pdu.eventId)) continue;
      const outside = candidate.pdu.prevEvents.filter((id) => this.#cameToNothing(id) || !this.#candidates.has(id));
      const isPulled = candidate.role === 'pulled' || outside.some((id) => this.#cameToNothing(id));
      if (isPulled && (await this.#areUnknown(candidate, outside))) return candidate;
    }
    return undefined;
  }

  #cameToNothing(eventId: EventId): boolean {
    return this.#dropped.has(eventId) || this.#candidates.get(eventId)?.verdict?.kind === 'parked';
  }

  async #areUnknown({ verdict }: Candidate, parents: readonly EventId[]): Promise<boolean> {
    if (parents.length === 0) return false;
    if (verdict?.kind === 'needs') return parents.some((id) => verdict.prev.includes(id));
    const { roomId } = this.#room;
    return (await this.#deps.rooms.unknownEvents({ roomId, eventIds: parents })).length > 0;
  }

  async #fetchAuth(): Promise<boolean> {
    const wanted = new Set(this.#open().flatMap(({ pdu }) => pdu.authEvents));
    return this.#fetchOutliers([...wanted].filter((id) => !this.#candidates.has(id)));
  }

  async #fetchOutliers(eventIds: readonly EventId[]): Promise<boolean> {
    if (eventIds.length === 0) return false;
    const { roomId } = this.#room;
    const unknown = await this.#deps.rooms.unknownEvents({ roomId, eventIds });
    const budget = MAX_OUTLIERS - this.#outliers;
    if (unknown.length === 0 || budget <= 0) return false;
    this.#outliers += await fetchAuthEvents(this.#deps, this.#room, unknown, budget);
    return true;
  }

  async #readFrontier() {
    this.#frontier ??= await this.#deps.rooms.frontier({ roomId: this.#room.roomId });
    return this.#frontier;
  }

  #lacks(needs: Needs): boolean {
    return this.#missingPrev(needs).length > 0;
  }

  #missingPrev({ prev }: Needs): readonly EventId[] {
    return prev.filter((id) => !this.#candidates.has(id));
  }
}
