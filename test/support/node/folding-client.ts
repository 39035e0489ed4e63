import type { ClientEvent, JoinedRoom, MatrixClient, SyncResponse } from './matrix-client.ts';

/** Where events lie that a limited timeline left out: to be paged back from. */
interface Gap {
  prevBatch: string;
}

type Entry = { eventId: string } | Gap;

interface FoldedRoom {
  isJoined: boolean;
  /** event IDs by type and state key */
  state: Map<string, string>;
  timeline: Entry[];
}

export interface FoldingOptions {
  /** of a timeline */
  limit: number;
  /** asks for the state after the timeline instead of before it */
  useStateAfter: boolean;
}

interface SyncedRoom extends JoinedRoom {
  state_after?: { events: ClientEvent[] };
}

/**
 * A client that folds what `/sync` tells it, as clients do, and fills the gaps of its timelines by `/messages`. What it
 * knew at each token stays known, so that another can go on from there.
 */
export class FoldingClient {
  readonly client: MatrixClient;
  readonly #options: FoldingOptions;
  readonly #rooms: Map<string, FoldedRoom>;
  readonly earlier: FoldingClient[] = [];
  #token: string | undefined;

  constructor(
    client: MatrixClient,
    options: FoldingOptions,
    known?: { token: string; rooms: Map<string, FoldedRoom> },
  ) {
    this.client = client;
    this.#options = options;
    this.#rooms = known?.rooms ?? new Map<string, FoldedRoom>();
    this.#token = known?.token;
  }

  get name(): string {
    const { limit, useStateAfter } = this.#options;
    return `${this.client.userId}, ${limit} at a time${useStateAfter ? ', state after' : ''}, now at ${this.#token}`;
  }

  /** One request, without waiting. */
  async sync(): Promise<void> {
    if (this.#token !== undefined) this.earlier.push(this.#copy(this.#token));
    const query = {
      since: this.#token,
      timeout: 0,
      filter: JSON.stringify({ room: { timeline: { limit: this.#options.limit } } }),
      use_state_after: this.#options.useStateAfter,
    };
    const response = await this.client.request<SyncResponse>('GET', '/sync', undefined, { query });
    for (const [roomId, room] of Object.entries(response.rooms?.join ?? {})) this.#fold(roomId, room, true);
    for (const [roomId, room] of Object.entries(response.rooms?.leave ?? {})) this.#fold(roomId, room, false);
    this.#token = response.next_batch;
  }

  /** How what was folded differs from what the server says of the rooms that the user is in; empty if it does not. */
  async differences(): Promise<string[]> {
    const { joined_rooms: joined } = await this.client.request<{ joined_rooms: string[] }>('GET', '/joined_rooms');
    const folded = [...this.#rooms].filter(([, room]) => room.isJoined).map(([roomId]) => roomId);
    const found = differ('the joined rooms', folded, joined);
    for (const roomId of joined) {
      const room = this.#rooms.get(roomId);
      if (room === undefined) continue;
      const state = await this.client.request<ClientEvent[]>('GET', `/rooms/${encodeURIComponent(roomId)}/state`);
      found.push(...differ(`the state of ${roomId}`, [...room.state].map(named), state.map(named.ofEvent)));
      const history = (await this.#pageBack(roomId, undefined, new Set())).map(({ event_id: id }) => id);
      found.push(...differ(`the history of ${roomId}`, await this.#filled(roomId, room), history));
    }
    return found.map((difference) => `${this.name}: ${difference}`);
  }

  #fold(roomId: string, room: SyncedRoom, isJoined: boolean): void {
    const known = this.#rooms.get(roomId);
    const folded = known ?? { isJoined, state: new Map<string, string>(), timeline: [] };
    this.#rooms.set(roomId, folded);
    if (isJoined && !folded.isJoined) folded.state.clear(); // who comes back is told everything
    folded.isJoined = isJoined;
    const { events, limited, prev_batch: prevBatch } = room.timeline;
    if (prevBatch !== undefined && (known === undefined || limited === true)) folded.timeline.push({ prevBatch });
    folded.timeline.push(...events.map(({ event_id: eventId }) => ({ eventId })));
    const told = room.state_after?.events ?? [...(room.state?.events ?? []), ...events];
    for (const event of told) {
      if (event.state_key !== undefined) folded.state.set(`${event.type} ${event.state_key}`, event.event_id);
    }
  }

  /** The events of a timeline with those of its gaps, in order. */
  async #filled(roomId: string, { timeline }: FoldedRoom): Promise<string[]> {
    const known = new Set(timeline.flatMap((entry) => ('eventId' in entry ? [entry.eventId] : [])));
    const filled: string[] = [];
    for (const entry of timeline) {
      if ('eventId' in entry) {
        filled.push(entry.eventId);
      } else {
        const missed = await this.#pageBack(roomId, entry.prevBatch, known);
        for (const { event_id: id } of missed.toReversed()) {
          known.add(id);
          filled.push(id);
        }
      }
    }
    return filled;
  }

  /** Events from a token on back to the first that is known, newest first. */
  async #pageBack(roomId: string, start: string | undefined, known: ReadonlySet<string>): Promise<ClientEvent[]> {
    const events: ClientEvent[] = [];
    let from = start;
    do {
      const page = await this.client.messages(roomId, { from, limit: 50 });
      const seen = page.chunk.findIndex(({ event_id: id }) => known.has(id));
      if (seen !== -1) return [...events, ...page.chunk.slice(0, seen)];
      events.push(...page.chunk);
      from = page.end;
    } while (from !== undefined);
    return events;
  }

  #copy(token: string): FoldingClient {
    const rooms = [...this.#rooms].map(([roomId, room]): [string, FoldedRoom] => [
      roomId,
      { isJoined: room.isJoined, state: new Map(room.state), timeline: [...room.timeline] },
    ]);
    return new FoldingClient(this.client, this.#options, { token, rooms: new Map(rooms) });
  }
}

const named = ([key, eventId]: [string, string]): string => `${key} ${eventId}`;
named.ofEvent = ({ type, state_key: stateKey, event_id: id }: ClientEvent): string => `${type} ${stateKey} ${id}`;

function differ(what: string, folded: readonly string[], real: readonly string[]): string[] {
  const found: string[] = [];
  const [foldedSet, realSet] = [new Set(folded), new Set(real)];
  if (foldedSet.size !== folded.length) {
    found.push(`${what} came twice: ${folded.filter((one, index) => folded.indexOf(one) !== index).join(', ')}`);
  }
  const lost = real.filter((one) => !foldedSet.has(one));
  const extra = folded.filter((one) => !realSet.has(one));
  if (lost.length > 0) found.push(`${what} lacks ${lost.join(', ')}`);
  if (extra.length > 0) found.push(`${what} should not have ${extra.join(', ')}`);
  return found;
}
