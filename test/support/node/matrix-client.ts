/** A parsed answer of a homeserver. */
export interface Answer<T = Record<string, unknown>> {
  status: number;
  headers: Headers;
  body: T;
}

/** An answer that is no success, thrown by `MatrixClient.request`. */
export class MatrixRequestError extends Error {
  override readonly name = 'MatrixRequestError';
  readonly status: number;
  readonly errcode: string | undefined;
  readonly body: unknown;

  constructor(what: string, { status, body }: Answer<unknown>) {
    super(`${what}: ${status} ${JSON.stringify(body)}`);
    this.status = status;
    this.body = body;
    this.errcode = (body as { errcode?: string } | undefined)?.errcode;
  }
}

/** A room event as clients get it. */
export interface ClientEvent {
  event_id: string;
  room_id?: string;
  type: string;
  sender: string;
  state_key?: string;
  origin_server_ts: number;
  content: Record<string, unknown>;
  unsigned?: Record<string, unknown>;
}

/** A room in a `/sync` response, as far as tests look at it. */
export interface JoinedRoom {
  timeline: { events: ClientEvent[]; limited?: boolean; prev_batch?: string };
  state?: { events: ClientEvent[] };
  ephemeral?: { events: { type: string; content: Record<string, unknown> }[] };
  unread_notifications?: { notification_count?: number; highlight_count?: number };
}

export interface SyncResponse {
  next_batch: string;
  rooms?: {
    join?: Record<string, JoinedRoom>;
    invite?: Record<string, { invite_state: { events: ClientEvent[] } }>;
    leave?: Record<string, JoinedRoom>;
    knock?: Record<string, { knock_state: { events: ClientEvent[] } }>;
  };
  account_data?: { events: { type: string; content: Record<string, unknown> }[] };
  presence?: { events: ClientEvent[] };
  to_device?: { events: { type: string; sender: string; content: Record<string, unknown> }[] };
  device_lists?: { changed?: string[]; left?: string[] };
  device_one_time_keys_count?: Record<string, number>;
}

export interface RequestOptions {
  query?: Record<string, string | number | boolean | undefined>;
  headers?: Record<string, string>;
  signal?: AbortSignal;
}

interface Session {
  userId: string;
  deviceId: string;
  accessToken: string;
}

interface LoginAnswer {
  user_id: string;
  device_id: string;
  access_token: string;
}

/**
 * A tiny client of any homeserver, on `fetch`: one user after `register` or `login`. Paths without a leading
 * `/_matrix` are below `/_matrix/client/v3`.
 */
export class MatrixClient {
  readonly baseUrl: string;
  #session: Session | undefined;
  #transactions = 0;

  constructor(baseUrl: string, session?: Session) {
    this.baseUrl = baseUrl;
    this.#session = session;
  }

  get userId(): string {
    return this.session.userId;
  }

  get deviceId(): string {
    return this.session.deviceId;
  }

  get accessToken(): string {
    return this.session.accessToken;
  }

  get session(): Session {
    if (this.#session === undefined) throw new Error('this client is not logged in');
    return this.#session;
  }

  /** Sends a request; a body that is a string or bytes goes as it is, anything else as JSON. Never throws for a status. */
  async tryRequest<T = Record<string, unknown>>(
    method: string,
    path: string,
    body?: unknown,
    options: RequestOptions = {},
  ): Promise<Answer<T>> {
    const response = await fetch(this.#url(path, options.query), {
      method,
      headers: this.#headers(body, options.headers),
      body: isRaw(body) || body === undefined ? (body ?? null) : JSON.stringify(body),
      signal: options.signal ?? null,
    });
    const text = await response.text();
    return { status: response.status, headers: response.headers, body: parse(text) as T };
  }

  /** Sends a request. @throws MatrixRequestError unless the status is a success. */
  async request<T = Record<string, unknown>>(
    method: string,
    path: string,
    body?: unknown,
    options: RequestOptions = {},
  ): Promise<T> {
    const answer = await this.tryRequest<T>(method, path, body, options);
    if (answer.status >= 300) throw new MatrixRequestError(`${method} ${path}`, answer);
    return answer.body;
  }

  /** Makes an account and uses it. @param token a registration token, where the server asks for one. */
  async register(username: string, password = 'correct horse battery', token?: string): Promise<this> {
    const asked = { username, password, inhibit_login: false };
    const first = await this.tryRequest<LoginAnswer & { session?: string }>('POST', '/register', asked);
    if (first.status === 200) return this.#use(first.body);
    if (first.status !== 401) throw new MatrixRequestError('POST /register', first);
    const stages: Record<string, unknown>[] = [{ type: 'm.login.dummy' }];
    if (token !== undefined) stages.unshift({ type: 'm.login.registration_token', token });
    let last: Answer<LoginAnswer> = first;
    for (const stage of stages) {
      last = await this.tryRequest<LoginAnswer>('POST', '/register', {
        ...asked,
        auth: { ...stage, session: first.body.session },
      });
      if (last.status === 200) return this.#use(last.body);
    }
    throw new MatrixRequestError('POST /register', last);
  }

  async login(user: string, password = 'correct horse battery', deviceId?: string): Promise<this> {
    return this.#use(
      await this.request<LoginAnswer>('POST', '/login', {
        type: 'm.login.password',
        identifier: { type: 'm.id.user', user },
        password,
        ...(deviceId === undefined ? {} : { device_id: deviceId }),
      }),
    );
  }

  /** @returns the new room's ID. */
  async createRoom(body: Record<string, unknown> = { preset: 'public_chat' }): Promise<string> {
    return (await this.request<{ room_id: string }>('POST', '/createRoom', body)).room_id;
  }

  /** @param via servers to join through. @returns the room's ID. */
  async join(roomIdOrAlias: string, via: readonly string[] = []): Promise<string> {
    const query = new URLSearchParams(
      via.flatMap((server) => [
        ['via', server],
        ['server_name', server],
      ]),
    );
    const path = `/join/${encodeURIComponent(roomIdOrAlias)}${via.length > 0 ? `?${query}` : ''}`;
    return (await this.request<{ room_id: string }>('POST', path, {})).room_id;
  }

  async invite(roomId: string, userId: string): Promise<void> {
    await this.request('POST', `/rooms/${encodeURIComponent(roomId)}/invite`, { user_id: userId });
  }

  async leave(roomId: string): Promise<void> {
    await this.request('POST', `/rooms/${encodeURIComponent(roomId)}/leave`, {});
  }

  /** Sends an event. @param content its content, or the text of a message. @returns the event's ID. */
  async send(
    roomId: string,
    content: Record<string, unknown> | string,
    type = 'm.room.message',
    txnId = this.nextTxnId(),
  ): Promise<string> {
    const body = typeof content === 'string' ? { msgtype: 'm.text', body: content } : content;
    const path = `/rooms/${encodeURIComponent(roomId)}/send/${encodeURIComponent(type)}/${encodeURIComponent(txnId)}`;
    return (await this.request<{ event_id: string }>('PUT', path, body)).event_id;
  }

  /** Sets a state event. @returns the event's ID. */
  async sendState(roomId: string, type: string, content: Record<string, unknown>, stateKey = ''): Promise<string> {
    const path = `/rooms/${encodeURIComponent(roomId)}/state/${encodeURIComponent(type)}/${encodeURIComponent(stateKey)}`;
    return (await this.request<{ event_id: string }>('PUT', path, content)).event_id;
  }

  /** The content of one state event. */
  state(roomId: string, type: string, stateKey = ''): Promise<Record<string, unknown>> {
    return this.request(
      'GET',
      `/rooms/${encodeURIComponent(roomId)}/state/${encodeURIComponent(type)}/${encodeURIComponent(stateKey)}`,
    );
  }

  sync(
    options: { since?: string | undefined; timeoutMs?: number; filter?: object; signal?: AbortSignal } = {},
  ): Promise<SyncResponse> {
    const { since, timeoutMs = 0, filter, signal } = options;
    const query = { since, timeout: timeoutMs, filter: filter === undefined ? undefined : JSON.stringify(filter) };
    return this.request('GET', '/sync', undefined, { query, ...(signal === undefined ? {} : { signal }) });
  }

  /** Syncs from `since` on until the condition holds. @throws after `timeoutMs`. @returns the response that met it. */
  async syncUntil(
    condition: (response: SyncResponse) => boolean,
    { since, timeoutMs = 15_000 }: { since?: string; timeoutMs?: number } = {},
  ): Promise<SyncResponse> {
    const end = Date.now() + timeoutMs;
    let from = since;
    for (;;) {
      const response = await this.sync({ since: from, timeoutMs: from === undefined ? 0 : 2000 });
      if (condition(response)) return response;
      if (Date.now() > end) throw new Error(`no sync met the condition within ${timeoutMs} ms`);
      from = response.next_batch;
    }
  }

  messages(
    roomId: string,
    query: { dir?: 'b' | 'f'; from?: string | undefined; to?: string; limit?: number; filter?: string } = {},
  ): Promise<{ chunk: ClientEvent[]; start: string; end?: string; state?: ClientEvent[] }> {
    const path = `/rooms/${encodeURIComponent(roomId)}/messages`;
    return this.request('GET', path, undefined, { query: { dir: 'b', limit: 100, ...query } });
  }

  event(roomId: string, eventId: string): Promise<ClientEvent> {
    return this.request('GET', `/rooms/${encodeURIComponent(roomId)}/event/${encodeURIComponent(eventId)}`);
  }

  /** User IDs of the joined members. */
  async joinedMembers(roomId: string): Promise<string[]> {
    const path = `/rooms/${encodeURIComponent(roomId)}/joined_members`;
    return Object.keys((await this.request<{ joined: Record<string, unknown> }>('GET', path)).joined).sort();
  }

  nextTxnId(): string {
    this.#transactions += 1;
    return `txn-${process.pid}-${Date.now()}-${this.#transactions}`;
  }

  #url(path: string, query: RequestOptions['query'] = {}): URL {
    const url = new URL(/^\/[_.]/.test(path) ? path : `/_matrix/client/v3${path}`, this.baseUrl);
    for (const [name, value] of Object.entries(query)) {
      if (value !== undefined) url.searchParams.set(name, String(value));
    }
    return url;
  }

  #headers(body: unknown, given: Record<string, string> | undefined): Headers {
    const headers = new Headers(given);
    if (this.#session !== undefined && !headers.has('authorization')) {
      headers.set('authorization', `Bearer ${this.#session.accessToken}`);
    }
    if (body !== undefined && !isRaw(body) && !headers.has('content-type')) {
      headers.set('content-type', 'application/json');
    }
    return headers;
  }

  #use(answer: LoginAnswer): this {
    this.#session = { userId: answer.user_id, deviceId: answer.device_id, accessToken: answer.access_token };
    return this;
  }
}

function isRaw(body: unknown): body is string | Uint8Array<ArrayBuffer> {
  return typeof body === 'string' || body instanceof Uint8Array;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}
