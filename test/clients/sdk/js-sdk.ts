import { IDBKeyRange, indexedDB } from 'fake-indexeddb';
import {
  ClientEvent,
  createClient,
  Direction,
  type ICreateClientOpts,
  IndexedDBStore,
  type IStartClientOpts,
  type MatrixClient,
  MatrixError,
  type MatrixEvent,
  PendingEventOrdering,
  type Preset,
  ReceiptType,
  type RegisterResponse,
  type Room,
  RoomEvent,
  SyncState,
} from 'matrix-js-sdk';
import type { Logger } from 'matrix-js-sdk/lib/logger.js';

import type { ChatClient, Credentials, MediaFile, NewRoom, Profile, Sdk, SeenEvent } from './chat-client.ts';

globalThis.IDBKeyRange = IDBKeyRange; // the library takes this one as it comes

/** The library logs every request. */
export const silent: Logger = {
  trace() {},
  debug() {},
  info() {},
  warn() {},
  error() {},
  getChild: () => silent,
};

/** A client of matrix-js-sdk as web clients set it up: a database, lazily loaded members, threads. */
export class JsSdkClient implements ChatClient {
  readonly credentials: Credentials;
  /** the library's own client; another one after each start */
  client: MatrixClient;
  #store: IndexedDBStore | undefined;
  /** contents of the messages to this device, in the order in which they came */
  readonly toDevice: Record<string, unknown>[] = [];
  readonly #seen = new Map<string, MatrixEvent[]>();

  readonly #isGuest: boolean;

  constructor(credentials: Credentials, { isGuest = false }: { isGuest?: boolean } = {}) {
    this.credentials = credentials;
    this.#isGuest = isGuest;
    this.client = createClient({ ...credentials, logger: silent });
  }

  get userId(): string {
    return this.credentials.userId;
  }

  async start(): Promise<void> {
    const dbName = `${this.credentials.userId} ${this.credentials.deviceId}`;
    const store = new IndexedDBStore({ indexedDB, dbName });
    const client = createClient({ ...this.credentials, store, logger: silent, timelineSupport: true, ...this.more() });
    client.setGuest(this.#isGuest);
    await store.startup();
    this.client = client;
    this.#store = store;
    client.on(RoomEvent.Timeline, (event, room, toStart) => {
      if (toStart !== true && room !== undefined) this.#see(room.roomId, event);
    });
    client.on(ClientEvent.ToDeviceEvent, (event) => void this.toDevice.push(event.getContent()));
    const upToDate = new Promise<void>((resolve) => {
      client.on(ClientEvent.Sync, (state, _, data) => {
        if (state === SyncState.Syncing || (state === SyncState.Prepared && data?.fromCache !== true)) resolve();
      });
    });
    const more = await this.prepare(client);
    await client.startClient({
      initialSyncLimit: 20,
      lazyLoadMembers: true,
      threadSupport: true,
      pendingEventOrdering: PendingEventOrdering.Detached,
      ...more,
    });
    await upToDate;
  }

  /** What else the library's client is made with. */
  protected more(): Partial<ICreateClientOpts> {
    return {};
  }

  /** What comes before the library's client begins to sync. @returns how else it is to do that. */
  protected async prepare(_client: MatrixClient): Promise<Partial<IStartClientOpts>> {
    return {};
  }

  async stop(): Promise<void> {
    this.client.stopClient();
    await this.#store?.save(true);
    await this.#store?.destroy();
  }

  async close(): Promise<void> {
    this.client.stopClient();
    await this.#store?.destroy();
  }

  async logout(): Promise<void> {
    await this.client.logout(true);
  }

  async createRoom({ preset, ...room }: NewRoom): Promise<string> {
    return (await this.client.createRoom({ ...room, preset: preset as Preset })).room_id;
  }

  async join(roomIdOrAlias: string): Promise<string> {
    return (await this.client.joinRoom(roomIdOrAlias)).roomId;
  }

  async invite(roomId: string, userId: string): Promise<void> {
    await this.client.invite(roomId, userId);
  }

  async leave(roomId: string): Promise<void> {
    await this.client.leave(roomId);
  }

  async kick(roomId: string, userId: string, reason: string): Promise<void> {
    await this.client.kick(roomId, userId, reason);
  }

  async ban(roomId: string, userId: string, reason: string): Promise<void> {
    await this.client.ban(roomId, userId, reason);
  }

  async unban(roomId: string, userId: string): Promise<void> {
    await this.client.unban(roomId, userId);
  }

  async sendText(roomId: string, text: string): Promise<string> {
    return (await this.client.sendTextMessage(roomId, text)).event_id;
  }

  async sendEvent(roomId: string, type: string, content: Record<string, unknown>): Promise<string> {
    return (await this.client.sendEvent(roomId, type as never, content as never)).event_id;
  }

  async sendState(roomId: string, type: string, stateKey: string, content: Record<string, unknown>): Promise<string> {
    return (await this.client.sendStateEvent(roomId, type as never, content as never, stateKey)).event_id;
  }

  async redact(roomId: string, eventId: string, reason: string): Promise<string> {
    return (await this.client.redactEvent(roomId, eventId, undefined, { reason })).event_id;
  }

  async setTyping(roomId: string, typing: boolean): Promise<void> {
    await this.client.sendTyping(roomId, typing, 30_000);
  }

  async sendReceipt(roomId: string, eventId: string): Promise<void> {
    const event = this.#seen.get(roomId)?.find((one) => one.getId() === eventId);
    if (event === undefined) throw new Error(`the client has not seen ${eventId}`);
    await this.client.sendReceipt(event, ReceiptType.Read);
  }

  async history(roomId: string, limit: number): Promise<SeenEvent[]> {
    const events: SeenEvent[] = [];
    for (let from: string | null | undefined = null; from !== undefined;) {
      const page = await this.client.createMessagesRequest(roomId, from, limit, Direction.Backward);
      events.push(...(page.chunk as SeenEvent[]));
      from = page.end;
    }
    return events;
  }

  async event(roomId: string, eventId: string): Promise<SeenEvent> {
    return (await this.client.fetchRoomEvent(roomId, eventId)) as SeenEvent;
  }

  async joinedMembers(roomId: string): Promise<string[]> {
    return Object.keys((await this.client.getJoinedRoomMembers(roomId)).joined);
  }

  async upload({ bytes, type, name }: MediaFile): Promise<string> {
    return (await this.client.uploadContent(new Blob([bytes], { type }), { name, type })).content_uri;
  }

  async download(mxc: string): Promise<Pick<MediaFile, 'bytes' | 'type'>> {
    const url = this.client.mxcUrlToHttp(mxc, undefined, undefined, undefined, false, true, true);
    if (url === null) throw new Error(`no address of a file: ${mxc}`);
    const response = await fetch(url, { headers: { authorization: `Bearer ${this.credentials.accessToken}` } });
    if (!response.ok) throw new Error(`${mxc} was not given: ${response.status}`);
    return { bytes: new Uint8Array(await response.arrayBuffer()), type: response.headers.get('content-type') ?? '' };
  }

  async setDisplayName(name: string): Promise<void> {
    await this.client.setDisplayName(name);
  }

  profile(userId: string): Promise<Profile> {
    return this.client.getProfileInfo(userId);
  }

  async createAlias(alias: string, roomId: string): Promise<void> {
    await this.client.createAlias(alias, roomId);
  }

  async resolveAlias(alias: string): Promise<string> {
    return (await this.client.getRoomIdForAlias(alias)).room_id;
  }

  async timeline(roomId: string): Promise<SeenEvent[]> {
    return (this.#seen.get(roomId) ?? []).map((event) => event.event as SeenEvent);
  }

  async membership(roomId: string): Promise<string | undefined> {
    return this.client.getRoom(roomId)?.getMyMembership();
  }

  async membershipOf(roomId: string, userId: string): Promise<string | undefined> {
    const room = this.client.getRoom(roomId);
    await room?.loadMembersIfNeeded();
    return room?.getMember(userId)?.membership;
  }

  async state(roomId: string, type: string, stateKey = ''): Promise<Record<string, unknown> | undefined> {
    const state = this.client.getRoom(roomId)?.getLiveTimeline().getState(Direction.Forward);
    return state?.getStateEvents(type, stateKey)?.getContent();
  }

  async typing(roomId: string): Promise<string[]> {
    const room = this.client.getRoom(roomId);
    await room?.loadMembersIfNeeded();
    return (room?.getMembers() ?? []).filter(({ typing }) => typing).map(({ userId }) => userId);
  }

  async readUpTo(roomId: string, userId: string): Promise<string | undefined> {
    return this.client.getRoom(roomId)?.getEventReadUpTo(userId, true) ?? undefined;
  }

  /** The library's room. @throws if it knows of none. */
  room(roomId: string): Room {
    const room = this.client.getRoom(roomId);
    if (room === null) throw new Error(`the client does not know ${roomId}`);
    return room;
  }

  #see(roomId: string, event: MatrixEvent): void {
    const seen = this.#seen.get(roomId) ?? [];
    const at = seen.findIndex((one) => one.getId() === event.getId());
    if (at === -1) seen.push(event);
    else seen[at] = event;
    this.#seen.set(roomId, seen);
  }
}

function credentialsOf(baseUrl: string, answer: Partial<RegisterResponse>): Credentials {
  const { user_id: userId, device_id: deviceId, access_token: accessToken } = answer;
  if (userId === undefined || deviceId === undefined || accessToken === undefined)
    throw new Error('no session was given');
  return { baseUrl, userId, deviceId, accessToken };
}

/** matrix-js-sdk, with a database in memory. */
export const jsSdk: Sdk<JsSdkClient> = {
  name: 'matrix-js-sdk',
  seesEphemeral: true,
  async register(baseUrl, username, password) {
    const client = createClient({ baseUrl, logger: silent });
    try {
      await client.registerRequest({ username, password });
    } catch (error) {
      if (!(error instanceof MatrixError) || error.httpStatus !== 401) throw error;
      const auth = { type: 'm.login.dummy', session: error.data['session'] as string };
      return new JsSdkClient(credentialsOf(baseUrl, await client.registerRequest({ username, password, auth })));
    }
    throw new Error('the server made an account without a stage of authentication');
  },
  async login(baseUrl, user, password) {
    const client = createClient({ baseUrl, logger: silent });
    const identifier = { type: 'm.id.user', user };
    const answer = await client.loginRequest({ type: 'm.login.password', identifier, password });
    return new JsSdkClient(credentialsOf(baseUrl, answer));
  },
};
