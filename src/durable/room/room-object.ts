import { DurableObject } from 'cloudflare:workers';

import { roomMigrations } from '../../../migrations/room.ts';
import { readConfig, type Config, type Env } from '../../config.ts';
import { forbidden, notFound } from '../../matrix/error.ts';
import type { Pdu } from '../../matrix/event/pdu.ts';
import { pduFromStored } from '../../matrix/event/stored-pdu.ts';
import type { RoomId } from '../../matrix/ids/brands.ts';
import { isJsonObject } from '../../matrix/json/json-value.ts';
import { parseJson } from '../../matrix/json/strict-json.ts';
import { Dispatcher } from '../../room/dispatch/dispatcher.ts';
import { Paced } from '../../room/dispatch/paced.ts';
import { leaveWithTheLast } from '../../room/membership/change-membership.ts';
import { hasUnwantedGuests, removeGuests } from '../../room/membership/guests.ts';
import { mergeExtremities } from '../../room/send/merge-extremities.ts';
import { fillRelations } from '../../room/relations/fill-relations.ts';
import type { RoomContext } from '../../room/room-context.ts';
import { TypingUsers } from '../../room/typing/typing-users.ts';
import type { JoinEventRow, RoomMeta, RoomStore } from '../../room/store.ts';
import { applyMigrations, schemaVersion } from '../../storage/apply-migrations.ts';
import { sqlRoomStore, type SqlRoomStore } from '../../storage/room-db/room-store.ts';
import { projectionRepository } from '../../storage/d1/projection-repository.ts';
import { searchWriter } from '../../storage/search-db/search-repository.ts';
import { answer, type RpcResult } from '../call.ts';
import { ageingBy, readSoon, settingsOf } from '../settings.ts';
import { Schedule, type Duty } from '../schedule.ts';
import { federationOf } from '../federation.ts';
import { serverKeysOf } from '../server-keys.ts';
import { Ephemeral } from './ephemeral.ts';
import { Handshakes } from './handshakes.ts';
import { attempt, turn } from '../turn.ts';
import { PARKED, ParkedRetries } from './parked-retries.ts';
import { roomReceivers, roomSweep } from './receivers.ts';
import { PROJECTION, ProjectionRebuild } from './projection-rebuild.ts';
import { SWEEP, type RetentionSweep } from './retention-sweep.ts';
import { SEARCH, SearchFeed } from './search-feed.ts';
import { SHUTDOWN, Shutdowns } from './shutdowns.ts';
import { UPGRADE, Upgrades } from './upgrades.ts';
import type { CheckedPdu, RoomCall, TypingCall } from './rpc.ts';

/** How long the backstop waits before it looks whether everything was delivered. */
const BACKSTOP_MS = 30_000;

/** The duty of a room whose graph has many ends. */
export const EXTREMITIES = 'extremities';

/** The duty of a room that guests still have to leave. */
const GUESTS = 'guests';

/** Receipts of a room share a range and a call to other servers for this long (contracts, section 2). */
const RECEIPTS_PAUSE_MS = 1_000;

const BIRTH = roomMigrations.length;

/** The duty of a room that was there before relations were kept, and with how many migrations they are. */
const RELATIONS = 'relations';
const WITH_RELATIONS = 8;
/** The same of messages that expire. */
const WITH_RETENTION = 12;

/**
 * What every call into a room goes through: birth and schema, the turn with its operation ID, and after the commit the
 * dispatcher. The constructor only reads; nothing is written before a call that may bring the room to life.
 */
export abstract class RoomObject extends DurableObject<Env> {
  protected readonly config: Config;
  protected readonly store: SqlRoomStore;
  protected readonly dispatcher: Dispatcher;
  protected readonly schedule: Schedule;
  protected readonly ephemeral: Ephemeral;
  protected readonly handshakes: Handshakes;
  protected readonly upgrades: Upgrades;
  protected readonly shutdowns: Shutdowns;
  protected readonly search: SearchFeed;
  protected readonly projection: ProjectionRebuild;
  readonly #typing = new TypingUsers();
  readonly #receipts: Paced;
  readonly #retries: ParkedRetries;
  readonly #sweep: RetentionSweep;
  readonly #caches: readonly { forget(): void }[];
  #isUpToDate = false;

  constructor(state: DurableObjectState, env: Env) {
    super(state, env);
    this.config = readConfig(env);
    this.store = sqlRoomStore(state.storage.sql, undefined, ageingBy(settingsOf(env, this.config)));
    this.schedule = new Schedule(state.storage);
    this.ephemeral = new Ephemeral(env, this.config, this.store, (receiver) => this.dispatcher.isDetached(receiver));
    this.handshakes = new Handshakes({
      store: this.store,
      schedule: this.schedule,
      destinations: () => federationOf(env, this.config).destinations,
      turn: (work) => this.write({ roomId: this.store.meta.roomId() }, work),
      read: (row) => this.pduOf(row),
      background: (work) => state.waitUntil(work),
    });
    this.upgrades = new Upgrades(env, this.config, {
      store: this.store,
      schedule: this.schedule,
      turn: (work) => this.write({ roomId: this.store.meta.roomId() }, work),
    });
    this.shutdowns = new Shutdowns(env, this.config, {
      store: this.store,
      schedule: this.schedule,
      handshakes: this.handshakes,
      turn: (work) => this.write({ roomId: this.store.meta.roomId() }, work),
    });
    this.search = new SearchFeed({
      writer: env.SEARCH === undefined ? undefined : searchWriter(env.SEARCH),
      store: this.store,
      schedule: this.schedule,
    });
    this.projection = new ProjectionRebuild({
      writer: projectionRepository(env.DB),
      store: this.store,
      serverName: this.config.serverName,
      schedule: this.schedule,
    });
    this.#sweep = roomSweep(env, this.config, {
      store: this.store,
      schedule: this.schedule,
      turn: (work) => turn(state.storage, this.#caches, { now: Date.now() }, work),
    });
    this.dispatcher = new Dispatcher({
      store: this.store,
      receivers: roomReceivers(env, this.config, this.search.receiver()),
      serverName: this.config.serverName,
      later: (run, delayMs) => setTimeout(run, delayMs),
      now: Date.now,
    });
    this.#receipts = new Paced({
      pauseMs: RECEIPTS_PAUSE_MS,
      later: (run, delayMs) => setTimeout(run, delayMs),
      work: () => {
        this.dispatcher.kick();
        this.ephemeral.sendGathered();
      },
    });
    this.#retries = new ParkedRetries({
      store: this.store,
      schedule: this.schedule,
      write: (work) => this.write({ roomId: this.#roomId() }, work),
      now: Date.now,
      sync: () => state.storage.sync(),
      ask: (server, pdus) =>
        federationOf(env, this.config).destinations.retryParked(server, { roomId: this.#roomId(), pdus }),
    });
    this.#caches = [this.store, this.schedule, this.#retries, this.#sweep, this.dispatcher];
  }

  /** Whether the room has tables. A call that may not make them is refused before it writes anything. */
  protected isBorn(): boolean {
    if (this.#isUpToDate) return true;
    const version = schemaVersion(this.ctx.storage.sql);
    if (version === 0) return false;
    if (version < BIRTH) {
      this.ctx.storage.transactionSync(() => {
        applyMigrations(this.ctx.storage.sql, roomMigrations);
        if (version < WITH_RELATIONS) this.schedule.setIfAbsent(RELATIONS, '', Date.now());
        // Whether the room has a rule is not looked at before there is time for it.
        if (version < WITH_RETENTION) this.schedule.setIfAbsent(SWEEP, '', Date.now());
      });
    }
    this.#isUpToDate = true;
    void this.schedule.ensureAlarm();
    return true;
  }

  /** @returns whether who calls acts by settings that are as new as those that are known here (contracts, section 6). */
  protected hear({ settingsRevision }: RoomCall): boolean {
    return settingsOf(this.env, this.config).hear(settingsRevision);
  }

  /** A read by a client: messages are hidden by the settings of now, unless those cannot be read. */
  protected async read<T>(work: (store: RoomStore, now: number) => T): Promise<RpcResult<T>> {
    await this.#readSettings();
    return answer(() => {
      if (!this.isBorn()) throw forbidden('You are not in this room');
      return work(this.store, Date.now());
    });
  }

  /** A read by another server. */
  protected async readForServer<T>(work: (store: RoomStore) => T): Promise<RpcResult<T>> {
    await this.#readSettings();
    return answer(() => {
      if (!this.isBorn()) throw notFound('This server is not in that room');
      return work(this.store);
    });
  }

  #readSettings(): Promise<void> {
    return readSoon(settingsOf(this.env, this.config));
  }

  /** The room looks whether its messages expire now, by settings that are as new as those of who calls. */
  async considerAges(call: RoomCall): Promise<RpcResult<void>> {
    this.hear(call);
    await this.#readSettings();
    return this.isBorn() ? this.write(call, () => {}) : answer(() => {});
  }

  /**
   * {@link write} for receipts: durable when it is answered, but on its way with others of the same second, since each
   * range costs every shard a commit and wakes all who wait there.
   */
  protected writeReceipts<T>(
    call: RoomCall,
    work: (ctx: RoomContext) => T,
    committed: (value: T) => void = () => {},
  ): Promise<RpcResult<T>> {
    return this.write(call, work, (value) => {
      committed(value);
      this.#receipts.ask();
    });
  }

  /** One mutating call: one transaction, acting once per operation ID, and then the dispatcher. */
  protected async write<T>(
    call: RoomCall,
    work: (ctx: RoomContext) => T,
    dispatch: (value: T) => void = () => this.dispatcher.kick(),
  ): Promise<RpcResult<T>> {
    this.hear(call);
    // What is decided does not wait for settings that were read before.
    if (settingsOf(this.env, this.config).latest() === undefined) await this.#readSettings();
    const signingKey = await serverKeysOf(this.env, this.config).active();
    return answer(() => {
      if (!this.isBorn()) throw notFound('This server is not in that room');
      const now = Date.now();
      const value = turn(this.ctx.storage, this.#caches, { ...call, now }, () => {
        const own = this.context(signingKey, now);
        const ctx = { ...own, appservice: call.appservice, ...(call.policed && { policed: call.policed }) };
        const result = work(ctx);
        this.#seeGuestsOff(own);
        leaveWithTheLast(ctx);
        this.#noteDispatch(now);
        this.#retries.note();
        this.#sweep.note(now);
        return result;
      });
      this.dispatcher.committed();
      dispatch(value);
      return value;
    });
  }

  /**
   * {@link write} for a call that may bring the room to life: its tables and identity are made in the same turn.
   * @param adopt what a room that is there already does with the version that the call names.
   */
  protected async writeAtBirth<T>(
    call: RoomCall & { readonly roomVersion: string },
    adopt: (meta: RoomMeta, version: string) => void,
    work: (ctx: RoomContext) => T,
  ): Promise<RpcResult<T>> {
    const inVersion = (ctx: RoomContext) => {
      adopt(this.store.meta, call.roomVersion);
      return work({ ...ctx, rules: this.store.rules() });
    };
    if (this.isBorn()) return this.write(call, inVersion);
    const signingKey = await serverKeysOf(this.env, this.config).active();
    // Another call may have been here during the wait.
    if (this.isBorn()) return this.write(call, inVersion);
    return answer(() => {
      const now = Date.now();
      const value = turn(this.ctx.storage, this.#caches, { now }, () => {
        applyMigrations(this.ctx.storage.sql, roomMigrations);
        this.store.meta.set('room_id', call.roomId);
        this.store.meta.set('room_version', call.roomVersion);
        this.store.meta.set('epoch', crypto.randomUUID().slice(0, 8));
        const ctx = this.context(signingKey, now);
        const result = work({ ...ctx, appservice: call.appservice });
        this.#seeGuestsOff(ctx);
        leaveWithTheLast(ctx);
        this.#noteDispatch(now);
        this.#retries.note();
        this.#sweep.note(now);
        return result;
      });
      this.#isUpToDate = true;
      this.dispatcher.committed();
      this.dispatcher.kick();
      return value;
    });
  }

  /** Who types is in memory; the alarm ends it for those who do not say so. */
  protected setTyping({ userId, until, appservice }: TypingCall, now: number): void {
    if (this.#typing.set(userId, until, now)) {
      this.ephemeral.tellShards(this.store.meta.roomId(), this.#typing.current(now), appservice);
    }
    const next = this.#typing.nextExpiry();
    if (next !== undefined) this.schedule.set('typing', '', next);
  }

  #endTyping(): number | undefined {
    const now = Date.now();
    if (this.#typing.expire(now)) this.ephemeral.tellShards(this.store.meta.roomId(), this.#typing.current(now));
    return this.#typing.nextExpiry();
  }

  protected context(signingKey: RoomContext['signingKey'], now: number): RoomContext {
    return {
      store: this.store,
      rules: this.store.rules(),
      serverName: this.config.serverName,
      signingKey,
      now,
      randomId: () => crypto.randomUUID().replaceAll('-', '').slice(0, 18),
      attempt: (work) => attempt(this.ctx.storage, this.#caches, work),
    };
  }

  /** Reads a PDU that the Worker has checked. */
  protected pdu({ eventId, json }: CheckedPdu): Pdu {
    const parsed = parseJson(json);
    if (!parsed.ok || !isJsonObject(parsed.value)) throw new Error('a checked PDU is not JSON');
    return pduFromStored(this.store.rules(), this.#roomId(), eventId, parsed.value);
  }

  protected pduOf({ eventId, json = '' }: JoinEventRow): Pdu {
    return this.pdu({ eventId, json });
  }

  #roomId(): RoomId {
    return this.store.meta.roomId();
  }

  /** What was confirmed so far is written with the next event; the backstop stands until nothing is owed. */
  #noteDispatch(now: number): void {
    if (this.dispatcher.writeDown()) this.schedule.setIfAbsent('dispatch', '', now + BACKSTOP_MS);
  }

  override async alarm(): Promise<void> {
    if (!this.isBorn()) return;
    await this.schedule.run(
      () => Date.now(),
      (duty) => this.#attend(duty),
    );
  }

  #attend(duty: Duty): Promise<number | undefined> | number | undefined {
    if (duty.kind === 'typing') return this.#endTyping();
    if (duty.kind === PARKED) return this.#retries.run();
    if (duty.kind === EXTREMITIES) return this.#mergeExtremities();
    if (duty.kind === RELATIONS) return this.#fillRelations();
    if (duty.kind === GUESTS) return this.#goOnWithGuests();
    if (duty.kind === UPGRADE) return this.upgrades.attend();
    if (duty.kind === SHUTDOWN) return this.shutdowns.attend();
    if (duty.kind === PROJECTION) return this.projection.attend();
    if (duty.kind === SEARCH) return this.search.attend();
    if (duty.kind === SWEEP) return this.#goOnWithSweep();
    return duty.kind === 'dispatch' ? this.#backstop() : this.handshakes.attend(duty);
  }

  async #goOnWithSweep(): Promise<number | undefined> {
    await this.#readSettings();
    const isKnown = settingsOf(this.env, this.config).latest() !== undefined;
    return isKnown ? this.#sweep.attend() : Date.now() + BACKSTOP_MS;
  }

  #fillRelations(): number | undefined {
    const goesOn = turn(this.ctx.storage, this.#caches, { now: Date.now() }, () => fillRelations(this.store));
    return goesOn ? Date.now() : undefined;
  }

  /** After any decision. Where a duty stands for it, the decision does not wait for the guests. */
  #seeGuestsOff(ctx: RoomContext): void {
    if (!hasUnwantedGuests(ctx.store) || this.schedule.at(GUESTS, '') !== undefined) return;
    removeGuests(ctx);
    if (hasUnwantedGuests(ctx.store)) this.schedule.set(GUESTS, '', ctx.now);
  }

  /** Throws where nobody can leave now: the schedule tries again later. */
  async #goOnWithGuests(): Promise<number | undefined> {
    const left = await this.write({ roomId: this.#roomId() }, removeGuests);
    if (!hasUnwantedGuests(this.store)) return undefined;
    if (!left.ok || !left.value) throw new Error('guests cannot leave');
    return Date.now();
  }

  async #mergeExtremities(): Promise<undefined> {
    await this.write({ roomId: this.#roomId() }, mergeExtremities);
  }

  async #backstop(): Promise<number | undefined> {
    this.dispatcher.retry();
    await this.dispatcher.answered();
    const goesOn = turn(this.ctx.storage, this.#caches, { now: Date.now() }, () => this.dispatcher.writeDown());
    this.dispatcher.committed();
    return goesOn || this.dispatcher.isOwing() ? Date.now() + BACKSTOP_MS : undefined;
  }
}
