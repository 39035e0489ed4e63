import { DurableObject } from 'cloudflare:workers';

import { appserviceMigrations } from '../../../migrations/appservice.ts';
import type { Appservice } from '../../appservice/appservices.ts';
import type { PushAnswer, RoomRangeQuery, ShownBacklog } from '../../appservice/sending/ports.ts';
import { Remembered } from '../../appservice/asking/remembered.ts';
import { Transactions, type Recipient } from '../../appservice/sending/transactions.ts';
import { readConfig, type Config, type Env } from '../../config.ts';
import { withTimeout } from '../../federation/http-fetch.ts';
import { MatrixError } from '../../matrix/error.ts';
import type { RoomId } from '../../matrix/ids/brands.ts';
import { applyMigrations, schemaVersion } from '../../storage/apply-migrations.ts';
import { DeviceNewsRepository } from '../../storage/appservice-db/device-news-repository.ts';
import { QueueRepository } from '../../storage/appservice-db/queue-repository.ts';
import { aliasRepository } from '../../storage/d1/alias-repository.ts';
import { shardList } from '../../storage/d1/shard-list.ts';
import { appservicesOf } from '../appservices.ts';
import { answer, answerAsync, type RpcResult } from '../call.ts';
import { after } from '../federation.ts';
import { inTurns } from '../in-turns.ts';
import { objectStubs } from '../objects.ts';
import { roomClient, type RoomClient } from '../room/client.ts';
import { Schedule } from '../schedule.ts';
import { settingsOf } from '../settings.ts';
import { shardClient } from '../user/client.ts';
import { askAppservice } from './ask-appservice.ts';
import { AS_TOKEN_HASH, type AppserviceCall, type AppserviceRpc } from './rpc.ts';
import { stillIn } from './still-in.ts';
import { acknowledged, CLOSED, Stream } from './stream.ts';

/** Sends what waits. */
const SEND = 'send';
/** Asks every shard how far its log goes. */
const LISTEN = 'listen';
/** Other isolates notify of what they know registered: after this all do. */
const ALL_KNOW_MS = 10_000;
const BACKSTOP_MS = 30_000;
/** What else is due has its turn in between. */
const SEND_TURN_MS = 5_000;
const CALL_TIMEOUT_MS = 10_000;
/** A slower application service has not taken the transaction. */
const PUSH_TIMEOUT_MS = 60_000;
const SHARDS_AT_ONCE = 16;
/** What was found out of a room's aliases stands for so long: a new one has to be noticed soon. */
const NAMED_MS = 10_000;
const UNNAMED_MS = 2_000;
/** Behind everything that a log holds. */
const LOG_END = Number.MAX_SAFE_INTEGER;

/** One application service: what waits for it. Thin: what it does is `Transactions`. */
export class AppService extends DurableObject<Env> implements AppserviceRpc {
  readonly #config: Config;
  readonly #schedule: Schedule;
  readonly #queue: QueueRepository;
  readonly #stream: Stream;
  #aliased = new Remembered<boolean>();
  #transactions: Transactions | undefined;
  /** How often it was told that it is registered. */
  #registrations = 0;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    this.#config = readConfig(env);
    this.#schedule = new Schedule(ctx.storage);
    this.#stream = new Stream(ctx);
    this.#queue = new QueueRepository(ctx.storage, () => this.#schedule.forget());
  }

  async registered({ id }: AppserviceCall): Promise<RpcResult<void>> {
    return answerAsync(async () => {
      this.#registrations += 1;
      // Its token, or its URL, may be another one.
      this.#stream.close(CLOSED.changed);
      this.#aliased = new Remembered();
      appservicesOf(this.env, this.#config).forget();
      const isNew = schemaVersion(this.ctx.storage.sql) === 0;
      this.#open(id);
      this.#schedule.set(LISTEN, '', Date.now() + ALL_KNOW_MS);
      // Where a shard does not answer, its whole log is looked through, and the rooms go by the time; so too without D1.
      await this.#listen(isNew).catch(() => undefined);
      this.#tryNow();
    });
  }

  async removed(_call: AppserviceCall): Promise<RpcResult<void>> {
    return answerAsync(async () => {
      appservicesOf(this.env, this.#config).forget();
      await this.#end();
    });
  }

  async moved({ id, shard, head }: Parameters<AppserviceRpc['moved']>[0]): Promise<RpcResult<void>> {
    return answer(() => {
      const transactions = this.#open(id);
      this.#queue.transaction(() => {
        transactions.heard(shard, head);
        this.#schedule.setIfAbsent(SEND, '', Date.now() + BACKSTOP_MS);
      });
      this.#go();
    });
  }

  async ephemeral({ id, offers }: Parameters<AppserviceRpc['ephemeral']>[0]): Promise<RpcResult<void>> {
    return answer(() => {
      this.#open(id).offer(offers, id);
      this.#go();
    });
  }

  async backlog({ id }: AppserviceCall): Promise<RpcResult<ShownBacklog>> {
    // One that was registered before there was a queue begins here.
    return answerAsync(async () => {
      const shown = this.#open(id).backlog();
      const inShards = await this.#messagesInShards();
      const waitingMessages = inShards === undefined ? undefined : shown.waitingMessages + inShards;
      return { ...shown, waitingMessages, isStreaming: this.#stream.isOpen() };
    });
  }

  async retry(_call: AppserviceCall): Promise<RpcResult<void>> {
    return answerAsync(async () => {
      if (schemaVersion(this.ctx.storage.sql) === 0) return;
      this.#schedule.set(LISTEN, '', Date.now());
      const done = this.#afterwards(this.#open().retry());
      this.ctx.waitUntil(done);
      await Promise.race([done, after(SEND_TURN_MS)]);
    });
  }

  async called(_call: AppserviceCall): Promise<RpcResult<void>> {
    return answer(() => {
      if (schemaVersion(this.ctx.storage.sql) === 0) return;
      this.#open();
      if (this.#queue.health().until > Date.now()) this.#tryNow();
    });
  }

  async replay({ since }: Parameters<AppserviceRpc['replay']>[0]): Promise<RpcResult<void>> {
    return answerAsync(async () => {
      if (schemaVersion(this.ctx.storage.sql) === 0) return;
      this.#open();
      this.#queue.transaction(() => {
        this.#queue.beginAnew(since);
        this.#schedule.setIfAbsent(SEND, '', Date.now() + BACKSTOP_MS);
      });
      this.#go();
    });
  }

  /** The stream of the application service, which the Worker has let in. A new one takes the place of an older one. */
  override async fetch(request: Request): Promise<Response> {
    const id = new URL(request.url).searchParams.get('id');
    if (id === null || request.headers.get('upgrade') !== 'websocket') return new Response(null, { status: 404 });
    const registrations = this.#registrations;
    const appservices = appservicesOf(this.env, this.#config);
    appservices.forget();
    const appservice = await appservices.byId(id);
    // It may have been registered again since D1 was asked.
    if (registrations !== this.#registrations) return this.fetch(request);
    // The Worker's isolate may believe a token for a moment longer than it holds; the stream would stay.
    if (appservice?.asTokenHash !== request.headers.get(AS_TOKEN_HASH)) return new Response(null, { status: 401 });
    this.#open(id);
    const webSocket = this.#stream.accept(appservice.asTokenHash);
    this.#tryNow();
    return new Response(null, { status: 101, webSocket });
  }

  override async webSocketMessage(socket: WebSocket, message: string | ArrayBuffer): Promise<void> {
    // A connection that another one has taken the place of, or that was closed, has no say any more.
    if (socket.readyState !== WebSocket.OPEN) return;
    const txnId = acknowledged(socket, message);
    if (txnId === undefined || schemaVersion(this.ctx.storage.sql) === 0) return;
    await this.#afterwards(this.#open().acknowledged(txnId));
  }

  override async alarm(): Promise<void> {
    if (schemaVersion(this.ctx.storage.sql) === 0) return;
    try {
      await this.#schedule.run(Date.now, ({ kind }) => this.#attend(kind));
    } catch (error) {
      // The registration ended meanwhile, and with it the duties.
      if (schemaVersion(this.ctx.storage.sql) > 0) throw error;
    }
  }

  async #attend(kind: string): Promise<number | undefined> {
    const transactions = this.#open();
    if (kind === LISTEN) {
      const isDone = await this.#listen(false).then(
        () => true,
        () => false,
      );
      this.#go();
      return isDone ? undefined : Date.now() + BACKSTOP_MS;
    }
    const done = transactions.run().then(() => transactions.next());
    return Promise.race([done, after(SEND_TURN_MS).then(() => Date.now())]);
  }

  /** Goes on in the background. */
  #go(): void {
    this.ctx.waitUntil(this.#afterwards(this.#open().run()));
  }

  /** The same, whatever the back-off says. */
  #tryNow(): void {
    this.ctx.waitUntil(this.#afterwards(this.#open().retry()));
  }

  async #afterwards(work: Promise<void>): Promise<void> {
    await work.catch(() => undefined);
    if (schemaVersion(this.ctx.storage.sql) === 0) return;
    const next = this.#open().next();
    if (next !== undefined) this.#schedule.setAtLatest(SEND, '', next);
  }

  /** Makes the tables at birth or brings them up to date. @param id of a registration that may be new. */
  #open(id?: string): Transactions {
    if (this.#transactions !== undefined) return this.#transactions;
    const { storage } = this.ctx;
    if (schemaVersion(storage.sql) < appserviceMigrations.length) {
      storage.transactionSync(() => {
        applyMigrations(storage.sql, appserviceMigrations);
        storage.sql.exec(`insert or ignore into meta (key, value) values ('registered_ts', ?)`, String(Date.now()));
        if (id !== undefined) storage.sql.exec(`insert or ignore into meta (key, value) values ('id', ?)`, id);
      });
    }
    void this.#schedule.ensureAlarm();
    this.#transactions = this.#compose();
    return this.#transactions;
  }

  #compose(): Transactions {
    const shards = shardClient(objectStubs(this.env, this.#config));
    const rooms = roomClient(objectStubs(this.env, this.#config), settingsOf(this.env, this.#config));
    const findStillIn = stillIn(this.env, this.#config, rooms);
    return new Transactions({
      store: this.#queue,
      recipient: () => this.#recipient(),
      moves: (shard, { seq, messages: wanted, devices }) => {
        const messages = { appserviceId: this.#id(), ...wanted };
        const query = { seq, messages, ...(devices === undefined ? {} : { devices }) };
        return withTimeout(CALL_TIMEOUT_MS, () => shards(shard).movesAfter(query));
      },
      devices: {
        store: new DeviceNewsRepository(this.ctx.storage.sql),
        roomMoves: (query) => withTimeout(CALL_TIMEOUT_MS, () => rooms.deviceListMoves(query)),
        stillIn: (userIds, passing) => withTimeout(CALL_TIMEOUT_MS, () => findStillIn(userIds, passing)),
        keyCounts: (shard, userIds) => withTimeout(CALL_TIMEOUT_MS, () => shards(shard).keyCountsOf({ userIds })),
      },
      readRoom: (query) => withTimeout(CALL_TIMEOUT_MS, () => readRoom(rooms, query)),
      now: Date.now,
      random: Math.random,
    });
  }

  async #recipient(): Promise<Recipient | undefined> {
    const id = this.#id();
    const registrations = this.#registrations;
    const appservice = await appservicesOf(this.env, this.#config).confirmed(id);
    if (appservice === undefined) {
      // It may have been registered again since D1 was asked.
      if (registrations === this.#registrations) await this.#end();
      return undefined;
    }
    const isStreamed = appservice.registration.url === undefined;
    if (isStreamed && !this.#stream.isOpenBy(appservice.asTokenHash)) return undefined;
    return {
      id,
      interests: appservice,
      dropsEchoes: appservice.registration.echo === 'drop',
      receivesEphemeral: appservice.registration.receivesEphemeral,
      knowsOlderEphemeral: appservice.registration.knowsOlderEphemeral === true,
      tracksDevices: appservice.registration.receivesDeviceChanges,
      hasAlias: (roomId) => this.#hasAlias(appservice, roomId),
      push: (txnId, body) => (isStreamed ? this.#stream.push(txnId, body) : this.#push(appservice, txnId, body)),
    };
  }

  #id(): string {
    return this.ctx.storage.sql.exec<{ value: string }>(`select value from meta where key = 'id'`).one().value;
  }

  /** Whether the room has an alias in the namespace; believed for a moment, for D1 is asked. */
  async #hasAlias(appservice: Appservice, roomId: RoomId): Promise<boolean> {
    if (appservice.registration.namespaces.aliases.length === 0) return false;
    const held = this.#aliased.get(roomId, Date.now());
    if (held !== undefined) return held.value;
    const aliases = await aliasRepository(this.env.DB, Date.now).ofRoom(roomId);
    const isNamed = aliases.some((alias) => appservice.ownsAlias(alias));
    this.#aliased.put(roomId, isNamed, Date.now() + (isNamed ? NAMED_MS : UNNAMED_MS));
    return isNamed;
  }

  async #push(appservice: Appservice, txnId: string, body: string): Promise<PushAnswer> {
    const path = `/transactions/${txnId}`;
    const answered = await askAppservice(this.env, appservice, {
      method: 'PUT',
      path,
      legacyPath: path,
      body,
      timeoutMs: PUSH_TIMEOUT_MS,
    });
    if (answered.kind === 'timeout') return { kind: 'failed', reason: 'no answer in time' };
    if (answered.kind === 'unreachable') return { kind: 'failed', reason: answered.reason };
    const { status } = answered;
    return status >= 200 && status < 300 ? { kind: 'taken' } : { kind: 'failed', reason: `answered ${status}` };
  }

  /** Asks how far the logs of all shards go. @param isNew nothing of before is looked through. */
  async #listen(isNew: boolean): Promise<void> {
    const shards = shardClient(objectStubs(this.env, this.#config));
    const names = await shardList(this.env.DB, Date.now)();
    await inTurns(SHARDS_AT_ONCE, names, async (shard) => {
      const { head } = await withTimeout(CALL_TIMEOUT_MS, () => shards(shard).movesAfter({ seq: LOG_END }));
      this.#queue.transaction(() => {
        const known = this.#queue.shards().find((one) => one.shard === shard);
        this.#queue.putShard({ shard, seq: known?.seq ?? (isNew ? head : 0), head });
        this.#schedule.setIfAbsent(SEND, '', Date.now() + BACKSTOP_MS);
      });
    });
  }

  /** `undefined`: a shard does not answer. */
  async #messagesInShards(): Promise<number | undefined> {
    const shards = shardClient(objectStubs(this.env, this.#config));
    const appserviceId = this.#id();
    const known = this.#queue.shards();
    const counted = await inTurns(SHARDS_AT_ONCE, known, ({ shard, messages: number = 0 }) =>
      withTimeout(CALL_TIMEOUT_MS, () => shards(shard).countAppserviceMessages({ appserviceId, after: number })),
    );
    return counted.length < known.length ? undefined : counted.reduce((sum, count) => sum + count, 0);
  }

  /** What shards still have for it; a shard that does not answer keeps it, within its bounds. */
  async #dropMessages(): Promise<void> {
    const shards = shardClient(objectStubs(this.env, this.#config));
    const messages = { appserviceId: this.#id(), after: LOG_END };
    await inTurns(SHARDS_AT_ONCE, this.#queue.shards(), ({ shard }) =>
      withTimeout(CALL_TIMEOUT_MS, () => shards(shard).movesAfter({ seq: LOG_END, messages })),
    );
  }

  /** Everything goes, the tables too. */
  async #end(): Promise<void> {
    this.#stream.close(CLOSED.ended);
    if (schemaVersion(this.ctx.storage.sql) > 0) await this.#dropMessages();
    this.#transactions = undefined;
    this.#schedule.forget();
    await this.ctx.storage.deleteAlarm();
    await this.ctx.storage.deleteAll();
  }
}

/** `undefined`: the room refuses, now and later. */
async function readRoom(rooms: RoomClient, query: RoomRangeQuery) {
  try {
    return await rooms.readForAppservice(query);
  } catch (error) {
    if (error instanceof MatrixError && error.status < 500 && error.status !== 429) return undefined;
    throw error;
  }
}
