import { env, exports } from 'cloudflare:workers';
import { vi } from 'vitest';

import { readConfig, type Env } from '../../../src/config.ts';
import { buildXMatrix } from '../../../src/matrix/crypto/x-matrix.ts';
import { buildPdu, type PduDraft } from '../../../src/matrix/event/build.ts';
import type { Pdu } from '../../../src/matrix/event/pdu.ts';
import type { EventId, RoomId, UserId } from '../../../src/matrix/ids/brands.ts';
import { eventIdOf as idByHash } from '../../../src/matrix/event/hashes.ts';
import { canonicalJson } from '../../../src/matrix/json/canonical-json.ts';
import type { JsonObject, JsonValue } from '../../../src/matrix/json/json-value.ts';
import { rulesOf } from '../core/rules-of.ts';
import { aServer, type TestServer } from '../core/test-keys.ts';
import { aKeyAnswer } from './a-key-answer.ts';
import { ask, type TestUser } from './ask.ts';

const worker = exports as unknown as { default: Fetcher };
export const { serverName } = readConfig(env as unknown as Env);
export const v3 = '/_matrix/client/v3';
export const federation = '/_matrix/federation/v1';

/** A request of ours that reached a peer. */
export interface Received {
  readonly method: string;
  /** Path and query as they were sent. */
  readonly target: string;
  readonly authorization: string;
  readonly body: JsonObject | undefined;
}

type Reply = (request: Received) => Response | JsonValue;

let made = 0;
let peers: Peer[] = [];

/** Another server, which has keys and answers what it is told to. Everything else that we would reach is away. */
export class Peer {
  readonly server: TestServer;
  readonly received: Received[] = [];
  readonly #replies: { readonly start: string; readonly reply: Reply }[] = [];

  constructor(server: TestServer) {
    this.server = server;
    this.reply('/_matrix/key/v2/server', () => aKeyAnswer(server));
    this.reply('/_matrix/federation/v1/send/', () => ({ pdus: {} }));
  }

  /** A user of the peer. */
  user(name: string): UserId {
    return `@${name}:${this.server.name}` as UserId;
  }

  /** Answers requests whose path begins so; what was told last counts. */
  reply(start: string, reply: Reply): void {
    this.#replies.unshift({ start, reply });
  }

  answer(request: Received): Response {
    this.received.push(request);
    const told = this.#replies.find(({ start }) => decodeURIComponent(request.target).startsWith(start));
    if (told === undefined) return Response.json({ errcode: 'M_UNRECOGNIZED', error: 'no' }, { status: 404 });
    const answer = told.reply(request);
    return answer instanceof Response ? answer : Response.json(answer);
  }

  /** Asks us, signed by the peer's key. */
  async ask(method: string, uri: string, content?: JsonObject): Promise<{ status: number; body: JsonObject }> {
    const response = await this.request(method, uri, content);
    return { status: response.status, body: await response.json() };
  }

  /** The same, for answers that are no JSON. */
  request(method: string, uri: string, content?: JsonObject): Promise<Response> {
    const request = { method, uri, origin: this.server.name, destination: serverName, content };
    return worker.default.fetch(`https://us.test${uri}`, {
      method,
      headers: { authorization: buildXMatrix(request, this.server.signingKey) },
      ...(content === undefined ? {} : { body: canonicalJson(content) }),
    });
  }

  /** @returns what is said of each PDU. */
  async push(...pdus: readonly JsonObject[]): Promise<Readonly<Record<string, { error?: string }>>> {
    const { status, body } = await this.send({ pdus });
    if (status !== 200) throw new Error(`${status} ${JSON.stringify(body)}`);
    return body['pdus'] as Record<string, { error?: string }>;
  }

  send(fields: JsonObject): Promise<{ status: number; body: JsonObject }> {
    made += 1;
    const content = { origin: this.server.name, origin_server_ts: Date.now(), pdus: [], ...fields };
    return this.ask('PUT', `${federation}/send/${made}`, content);
  }

  /** PDUs that we sent to it, of all transactions. */
  pdus(): readonly JsonObject[] {
    return this.#transactions().flatMap((body) => body['pdus'] as JsonObject[]);
  }

  edus(): readonly JsonObject[] {
    return this.#transactions().flatMap((body) => (body['edus'] ?? []) as JsonObject[]);
  }

  #transactions(): readonly JsonObject[] {
    return this.received
      .filter(({ target }) => target.startsWith('/_matrix/federation/v1/send/'))
      .flatMap(({ body }) => (body === undefined ? [] : [body]));
  }
}

/** A fresh peer: nothing of it is known here. It listens until {@link forgetPeers}. */
export function aPeer(): Peer {
  made += 1;
  const peer = new Peer(aServer(`never${made}.peer.example:443`));
  peers.push(peer);
  vi.spyOn(globalThis, 'fetch').mockImplementation(async (input, init) => {
    const { host, pathname, search } = new URL(input as string);
    const found = peers.find(({ server }) => server.name === `${host}:443`);
    if (found === undefined) throw new Error('connection refused');
    const body = typeof init?.body === 'string' ? (JSON.parse(init.body) as JsonObject) : undefined;
    return found.answer({
      method: init?.method ?? 'GET',
      target: pathname + search,
      authorization: new Headers(init?.headers).get('authorization') ?? '',
      body,
    });
  });
  return peer;
}

export function forgetPeers(): void {
  peers = [];
  vi.restoreAllMocks();
}

/** Names the room in the path of an endpoint for clients. */
export const inRoom = (roomId: string, rest = '') => `${v3}/rooms/${encodeURIComponent(roomId)}${rest}`;

export async function aRoom({ token }: TestUser, body: JsonObject = {}): Promise<RoomId> {
  const answer = await ask('POST', `${v3}/createRoom`, {
    token,
    body: { preset: 'public_chat', room_version: '11', ...body },
  });
  if (answer.status !== 200) throw new Error(JSON.stringify(answer.body));
  return answer.body['room_id'] as RoomId;
}

let said = 0;

export async function say({ token }: TestUser, roomId: string, body: string): Promise<EventId> {
  said += 1;
  const answer = await ask('PUT', inRoom(roomId, `/send/m.room.message/never${said}`), {
    token,
    body: { msgtype: 'm.text', body },
  });
  if (answer.status !== 200) throw new Error(JSON.stringify(answer.body));
  return answer.body['event_id'] as EventId;
}

/** A member of a room of ours, who is a user of a peer. */
export interface RemoteMember {
  readonly peer: Peer;
  readonly userId: UserId;
  readonly roomId: RoomId;
  readonly join: Pdu;
  /** The answer to its send_join. */
  readonly answer: JsonObject;
  /** What its next event names as its only parent. */
  last: Pdu;
  /** An event of the user after `last`, as the peer would make it. */
  event(changes?: Partial<PduDraft>, signer?: TestServer): Pdu;
  /** The same, pushed; it becomes `last`. */
  say(body: string): Promise<Pdu>;
}

const VERSION = '11';

export async function joinFrom(peer: Peer, roomId: RoomId, name = 'eve'): Promise<RemoteMember> {
  const userId = peer.user(name);
  const path = `${encodeURIComponent(roomId)}/${encodeURIComponent(userId)}`;
  const made_ = await peer.ask('GET', `${federation}/make_join/${path}?ver=${VERSION}`);
  if (made_.status !== 200) throw new Error(JSON.stringify(made_.body));
  const template = made_.body['event'] as JsonObject;
  const member = { type: 'm.room.member', stateKey: userId, content: { membership: 'join' } };
  const join = built(peer.server, {
    roomId,
    sender: userId,
    ...member,
    prevEvents: template['prev_events'] as EventId[],
    authEvents: template['auth_events'] as EventId[],
    depth: Number(template['depth']),
    originServerTs: Date.now(),
  });
  const sent = await peer.ask(
    'PUT',
    `/_matrix/federation/v2/send_join/${encodeURIComponent(roomId)}/${encodeURIComponent(join.eventId)}`,
    join.json,
  );
  if (sent.status !== 200) throw new Error(JSON.stringify(sent.body));
  const state = sent.body['state'] as JsonObject[];
  const rules = rulesOf(VERSION);
  const idOf = (type: string) => {
    const found = state.find((event) => event['type'] === type);
    return found === undefined ? [] : [referenceId(rules, found)];
  };
  const authEvents = [...idOf('m.room.create'), ...idOf('m.room.power_levels'), join.eventId];
  const remote: RemoteMember = {
    peer,
    userId,
    roomId,
    join,
    answer: sent.body,
    last: join,
    event: (changes = {}, signer = peer.server) =>
      built(signer, {
        roomId,
        type: 'm.room.message',
        sender: userId,
        content: { msgtype: 'm.text', body: 'hello' },
        prevEvents: [remote.last.eventId],
        authEvents,
        depth: remote.last.depth + 1,
        originServerTs: Date.now(),
        ...changes,
      }),
    async say(body) {
      const event = remote.event({ content: { msgtype: 'm.text', body } });
      await peer.push(event.json);
      remote.last = event;
      return event;
    },
  };
  return remote;
}

/** The ID of an event by the room version that all these rooms have. */
export const eventIdOf = (json: JsonObject): EventId => referenceId(rulesOf(VERSION), json);

function referenceId(rules: ReturnType<typeof rulesOf>, json: JsonObject): EventId {
  const found = idByHash(rules, json);
  if (!found.ok) throw new Error('no event ID');
  return found.value;
}

function built(server: TestServer, draft: PduDraft): Pdu {
  const pdu = buildPdu(rulesOf(VERSION), draft, server.name, server.signingKey);
  if (!pdu.ok) throw new Error(pdu.reason.kind);
  return pdu.value;
}
