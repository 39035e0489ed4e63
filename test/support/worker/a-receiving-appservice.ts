import { vi } from 'vitest';

import { anAppservice, type TestAppservice } from './an-appservice.ts';
import { eventually } from './eventually.ts';

/** An event as an application service is sent it. */
export interface PushedEvent {
  readonly event_id: string;
  readonly room_id: string;
  readonly type: string;
  readonly sender: string;
  readonly state_key?: string;
  readonly content: Record<string, unknown>;
  readonly unsigned?: Record<string, unknown>;
}

export interface PushedEphemeral {
  readonly type: string;
  readonly room_id?: string;
  readonly sender?: string;
  readonly content: Record<string, unknown>;
}

export interface PushedToDevice {
  readonly type: string;
  readonly sender: string;
  readonly to_user_id: string;
  readonly to_device_id: string;
  readonly content: Record<string, unknown>;
}

export interface AskedRequest {
  readonly method: string;
  /** Behind the host. */
  readonly path: string;
  readonly headers: Headers;
  readonly body: string;
}

export interface ReceivingAppservice extends TestAppservice {
  /** Everything that it was asked, in order. */
  readonly asked: readonly AskedRequest[];
  /** Bodies that it took, in order, each ID once. */
  readonly taken: () => readonly { readonly txnId: string; readonly body: string }[];
  readonly events: () => readonly PushedEvent[];
  readonly ephemeral: () => readonly PushedEphemeral[];
  readonly toDevice: () => readonly PushedToDevice[];
  readonly eventIds: () => readonly string[];
  /** Answers from now on; the usual one is 200 `{}`. */
  answer: (request: AskedRequest) => Response | Promise<Response>;
  /** Waits until it has taken an event. */
  hears: (eventId: string) => Promise<readonly PushedEvent[]>;
}

const peers = new Map<string, ReceivingAppservice & { asked: AskedRequest[]; took: Map<string, string> }>();

/** Every request to an application service of the tests is answered by it, all others by nobody. */
export function stubAppservices(): void {
  stubAppservicesBeside((input) => Promise.reject(new TypeError(`nobody is at ${urlOf(input).hostname}`)));
}

const urlOf = (input: RequestInfo | URL) => new URL(input instanceof Request ? input.url : input);

/** The same, with others answering the rest. */
export function stubAppservicesBeside(others: typeof fetch): void {
  vi.spyOn(globalThis, 'fetch').mockImplementation(async (input, init) => {
    const url = urlOf(input);
    const peer = peers.get(url.hostname);
    if (peer === undefined) return others(input, init);
    const body = typeof init?.body === 'string' ? init.body : '';
    const path = url.pathname + url.search;
    const request = { method: init?.method ?? 'GET', path, headers: new Headers(init?.headers), body };
    peer.asked.push(request);
    const answer = await peer.answer(request);
    const txnId = /\/transactions\/([^/]+)$/.exec(url.pathname)?.[1];
    if (txnId !== undefined && answer.ok && !peer.took.has(txnId)) peer.took.set(txnId, body);
    return answer;
  });
}

/** An application service that is registered with a URL, and what it is sent. */
export async function aReceivingAppservice(
  changes: Readonly<Record<string, unknown>> = {},
): Promise<ReceivingAppservice> {
  const host = `as-${crypto.randomUUID().slice(0, 8)}.test`;
  const took = new Map<string, string>();
  const taken = () => [...took].map(([txnId, body]) => ({ txnId, body }));
  const events = () => taken().flatMap(({ body }) => (JSON.parse(body) as { events: PushedEvent[] }).events);
  const ephemeral = () =>
    taken().flatMap(({ body }) => (JSON.parse(body) as { ephemeral?: PushedEphemeral[] }).ephemeral ?? []);
  const toDevice = () =>
    taken().flatMap(
      ({ body }) => (JSON.parse(body) as Record<string, PushedToDevice[]>)['de.sorunome.msc2409.to_device'] ?? [],
    );
  const eventIds = () => events().map(({ event_id: eventId }) => eventId);
  const registered = await anAppservice({ url: `https://${host}`, ...changes });
  const peer = {
    ...registered,
    asked: [] as AskedRequest[],
    took,
    taken,
    events,
    ephemeral,
    toDevice,
    eventIds,
    answer: (_request: AskedRequest): Response | Promise<Response> => Response.json({}),
    hears: (eventId: string) =>
      eventually(() => {
        if (!eventIds().includes(eventId)) throw new Error(`${eventId} has not come`);
        return events();
      }),
  };
  peers.set(host, peer);
  return peer;
}
