import type { RoomClient } from '../../../src/durable/room/client.ts';
import type {
  AcceptMembershipCall,
  BackfilledCall,
  CheckedPdu,
  CreateCall,
  DecideCall,
  FinishJoinCall,
  MakeMembershipCall,
  MissingEventsCall,
  ParkCall,
  ReceiveInviteCall,
  RoomCall,
  RoomRpc,
  StartJoinCall,
  TakeJoinEventsCall,
} from '../../../src/durable/room/rpc.ts';
import { answer } from '../../../src/durable/call.ts';
import { ParkedRetries } from '../../../src/durable/room/parked-retries.ts';
import { attempt, turn } from '../../../src/durable/turn.ts';
import type { ParkedEvent, RetryAnswer } from '../../../src/federation/receive/retry-parked.ts';
import { forbidden, notFound } from '../../../src/matrix/error.ts';
import type { Pdu } from '../../../src/matrix/event/pdu.ts';
import { pduFromStored } from '../../../src/matrix/event/stored-pdu.ts';
import type { EventId, RoomId, ServerName, UserId } from '../../../src/matrix/ids/brands.ts';
import { isJsonObject, type JsonObject } from '../../../src/matrix/json/json-value.ts';
import { parseJson } from '../../../src/matrix/json/strict-json.ts';
import { backfill } from '../../../src/room/backfill/backfill.ts';
import { createRoom } from '../../../src/room/create/create-room.ts';
import { Dispatcher, type Receivers } from '../../../src/room/dispatch/dispatcher.ts';
import {
  rangeForDestination,
  rangeOnceMore,
  type DestinationQuery,
} from '../../../src/room/dispatch/range-for-destination.ts';
import { finishJoin } from '../../../src/room/join/finish-join.ts';
import { settleJoin, storeOutliers, takeJoinEvents } from '../../../src/room/join/join-events.ts';
import {
  failJoin,
  isJoining,
  isRunning,
  resumeJoin,
  startJoin,
  type FailedServer,
  type JoinRun,
  type ResumedJoin,
} from '../../../src/room/join/join-saga.ts';
import {
  changeMembership,
  leaveWithTheLast,
  type MembershipInput,
} from '../../../src/room/membership/change-membership.ts';
import { joinConditions } from '../../../src/room/membership/authorise-join.ts';
import { heldMembership, receiveInvite, rejectRemoteInvite } from '../../../src/room/membership/out-of-band.ts';
import { readInvite } from '../../../src/room/membership/read-invite.ts';
import { commitInvite, draftInvite, dropDraft } from '../../../src/room/membership/remote-invite.ts';
import { FillTurns } from '../../../src/room/fill-turns.ts';
import { park } from '../../../src/room/park/park.ts';
import { receive, takeUpParked } from '../../../src/room/park/receive.ts';
import { readMessages, type MessagesQuery } from '../../../src/room/read/read-messages.ts';
import { readSliding, type SlidingRoomQuery } from '../../../src/room/read/read-sliding.ts';
import type { SyncQuery } from '../../../src/room/read/read-sync.ts';
import type { RoomContext } from '../../../src/room/room-context.ts';
import { sendOnce, type SendInput } from '../../../src/room/send/send-event.ts';
import { doubtOf, noteRefused } from '../../../src/room/servers/doubt.ts';
import { joinAnswer, type JoinAnswerQuery } from '../../../src/room/servers/join-answer.ts';
import { acceptMembership, makeMembership } from '../../../src/room/servers/membership-handshake.ts';
import {
  backfillForServer,
  eventForServer,
  missingEventsForServer,
  stateForServer,
  stateIdsForServer,
} from '../../../src/room/servers/read-for-server.ts';
import { requireAllowed } from '../../../src/room/servers/require-allowed.ts';
import { applyMigrations, schemaVersion } from '../../../src/storage/apply-migrations.ts';
import { sqlRoomStore, type SqlRoomStore } from '../../../src/storage/room-db/room-store.ts';
import type { Sql } from '../../../src/storage/sql.ts';
import { roomMigrations } from './room-migrations.ts';
import { keyOf } from './room-rig.ts';
import { SimObject, type ObjectWorld } from './sim-object.ts';
import { SqliteStorage } from './sqlite-storage.ts';
import { readBothWays } from './sync-texts.ts';

/** A join that nobody has worked on for this long is taken over. */
const JOIN_LEASE_MS = 30_000;

/** How long the backstop waits before it looks whether everything was delivered. */
const BACKSTOP_MS = 30_000;

interface Life {
  readonly store: SqlRoomStore;
  readonly dispatcher: Dispatcher;
  readonly fillTurns: FillTurns;
  readonly retries: ParkedRetries;
}

/** Asks the `Destination` of a server for parked events. See `federation/receive/retry-parked.ts`. */
export type AskForParked = (
  server: ServerName,
  call: { readonly roomId: RoomId; readonly pdus: readonly ParkedEvent[] },
) => Promise<RetryAnswer>;

type ServerQuery = RoomCall & { readonly origin: ServerName; readonly eventId: EventId };
type Methods = { readonly [Method in keyof RoomRpc]?: (call: never) => unknown };

/** One server's copy of a room, as `src/durable/room` runs it: turns, operation IDs, dispatcher, backstop. */
export class SimRoom extends SimObject<Life> {
  readonly serverName: ServerName;
  readonly client: RoomClient;
  readonly #storage = new SqliteStorage();
  readonly #receivers: Receivers;
  readonly #clock: () => number;
  readonly #goOn: (join: ResumedJoin) => Promise<void>;
  #joinLeaseUntil = 0;
  #randomId = 0;
  #opId = 0;
  #isBackstopSet = false;
  readonly #askForParked: AskForParked;
  /** When the alarm tries parked events again. */
  #retryAt: number | undefined;

  constructor(
    world: ObjectWorld,
    serverName: ServerName,
    receivers: Receivers,
    clock: () => number,
    askForParked: AskForParked,
    goOn: (join: ResumedJoin) => Promise<void>,
  ) {
    super(world);
    this.#askForParked = askForParked;
    this.#goOn = goOn;
    this.serverName = serverName;
    this.#receivers = receivers;
    this.#clock = clock;
    this.client = new Proxy({} as RoomClient, {
      get: (_target, method: string) => (input: object) => {
        const opId = `op${(this.#opId += 1)}`;
        return this.call(() => this.#invoke(method, { opId, ...input }));
      },
    });
  }

  get store(): SqlRoomStore {
    return this.life.store;
  }

  isBorn(): boolean {
    return schemaVersion(this.#storage.sql as unknown as SqlStorage) > 0;
  }

  protected override wake(): Life {
    const store = sqlRoomStore(this.#storage.sql as unknown as Sql);
    const { loop, random } = this.world;
    const life: Life = {
      store,
      fillTurns: new FillTurns((delayMs, work) => {
        let isOn = true;
        loop.schedule(delayMs, () => {
          if (isOn) work();
        });
        return () => {
          isOn = false;
        };
      }),
      dispatcher: new Dispatcher({
        store,
        receivers: {
          shard: (shard, range) => this.told(() => life, this.#receivers.shard(shard, range)),
          destination: (server, range) => this.told(() => life, this.#receivers.destination(server, range)),
          projector: (range) => this.told(() => life, this.#receivers.projector(range)),
        },
        serverName: this.serverName,
        later: (run, delayMs) => {
          loop.schedule(delayMs + random.below(3), () => {
            if (this.isAlive(life)) run();
          });
        },
        now: this.#clock,
      }),
      retries: new ParkedRetries({
        store,
        schedule: { set: (_kind, _key, at) => this.#setRetry(at) },
        write: async (work) => answer(() => this.#write({ roomId: store.meta.roomId() }, work)),
        now: this.#clock,
        sync: async () => {},
        ask: (server, pdus) => this.told(() => life, this.#askForParked(server, { roomId: store.meta.roomId(), pdus })),
      }),
    };
    return life;
  }

  #invoke(method: string, input: object): unknown {
    const run = this.#methods[method as keyof RoomRpc] as ((call: object) => unknown) | undefined;
    if (run === undefined) throw new Error(`the simulated room has no method ${method}`);
    return run(input);
  }

  #write<T>(call: RoomCall, work: (ctx: RoomContext) => T): T {
    if (!this.isBorn()) throw notFound('This server is not in that room');
    const { store, dispatcher, retries } = this.life;
    const now = this.#clock();
    const value = turn(
      this.#storage as unknown as DurableObjectStorage,
      [store, retries, dispatcher],
      { ...call, now },
      () => {
        const ctx = this.context();
        const result = work(ctx);
        leaveWithTheLast(ctx);
        this.#noteDispatch();
        retries.note();
        return result;
      },
    );
    dispatcher.committed();
    dispatcher.kick();
    return value;
  }

  #writeAtBirth<T>(call: RoomCall & { readonly roomVersion: string }, work: (ctx: RoomContext) => T): T {
    if (this.isBorn()) return this.#write(call, work);
    const { store } = this.life;
    const value = turn(this.#storage as unknown as DurableObjectStorage, [store], { now: this.#clock() }, () => {
      applyMigrations(this.#storage.sql as unknown as SqlStorage, roomMigrations);
      store.meta.set('room_id', call.roomId);
      store.meta.set('room_version', call.roomVersion);
      store.meta.set('epoch', '1');
      return this.#write({ roomId: call.roomId }, work);
    });
    return value;
  }

  /** What one turn works with. */
  context(): RoomContext {
    const { store } = this.life;
    return {
      store,
      rules: store.rules(),
      serverName: this.serverName,
      signingKey: keyOf(this.serverName),
      now: this.#clock(),
      randomId: () => `r${String((this.#randomId += 1)).padStart(17, '0')}`,
      attempt: (work) => attempt(this.#storage as unknown as DurableObjectStorage, [store], work),
    };
  }

  #read<T>(work: (store: SqlRoomStore) => T): T {
    if (!this.isBorn()) throw forbidden('You are not in this room');
    return work(this.store);
  }

  #readForServer<T>(work: (store: SqlRoomStore) => T): T {
    if (!this.isBorn()) throw notFound('This server is not in that room');
    return work(this.store);
  }

  #pdu({ eventId, json }: CheckedPdu): Pdu {
    const parsed = parseJson(json);
    if (!parsed.ok || !isJsonObject(parsed.value)) throw new Error('a checked PDU is not JSON');
    return pduFromStored(this.store.rules(), this.store.meta.roomId(), eventId, parsed.value);
  }

  #noteDispatch(): void {
    if (this.life.dispatcher.writeDown()) this.#setBackstop();
  }

  /** The alarm is durable: a crash does not take it away. */
  #setBackstop(): void {
    if (this.#isBackstopSet) return;
    this.#isBackstopSet = true;
    this.world.loop.schedule(BACKSTOP_MS, () => {
      this.world.loop.start(() => this.#backstop());
    });
  }

  /** The other duty of the same alarm. */
  #setRetry(at: number): void {
    this.#retryAt = at;
    this.world.loop.schedule(Math.max(0, at - this.#clock()), () => {
      if (this.#retryAt !== at) return;
      this.#retryAt = undefined;
      this.world.loop.start(async () => {
        const next = await this.life.retries.run();
        if (next !== undefined) this.#setRetry(next);
      });
    });
  }

  async #backstop(): Promise<void> {
    const { life } = this;
    const { dispatcher } = life;
    dispatcher.retry();
    // A death during it leaves the duty where it is.
    await Promise.race([dispatcher.answered(), this.world.loop.after(BACKSTOP_MS)]);
    this.#isBackstopSet = false;
    if (!this.isAlive(life)) {
      this.#setBackstop();
      return;
    }
    const goesOn = dispatcher.writeDown();
    dispatcher.committed();
    if (goesOn || dispatcher.isOwing()) this.#setBackstop();
  }

  /** The duty that takes a join over from whoever worked on it; as durable as the alarm. */
  #workOnJoin(): void {
    const { loop } = this.world;
    this.#joinLeaseUntil = loop.now + JOIN_LEASE_MS;
    loop.schedule(JOIN_LEASE_MS, () => {
      if (loop.now < this.#joinLeaseUntil || !this.isBorn()) return;
      const join = this.#write({ roomId: this.store.meta.roomId() }, resumeJoin);
      if (join === undefined) return;
      this.#workOnJoin();
      loop.start(() => this.#goOn(join).catch(() => undefined));
    });
  }

  /** Every event that is stored, whatever became of it. */
  allEvents(): readonly EventId[] {
    const rows = this.#storage.sql.exec<{ id: string }>('select event_id as id from events order by rowid');
    return [...rows].map(({ id }) => id as EventId);
  }

  /** The end of its world. */
  close(): void {
    this.#storage.close();
  }

  /** Whether every receiver has everything. */
  isDelivered(): boolean {
    if (!this.isBorn()) return true;
    const { store, dispatcher } = this.life;
    const goesOn = dispatcher.writeDown();
    dispatcher.committed();
    return !goesOn && store.receivers.all().length === 0;
  }

  readonly #methods: Methods = {
    status: () => {
      if (!this.isBorn()) {
        return { lifecycle: 'unborn', roomVersion: undefined, head: 0, isJoining: false, doubt: undefined };
      }
      const { meta, stream } = this.store;
      return {
        lifecycle: meta.lifecycle(),
        roomVersion: meta.roomVersion(),
        head: stream.head(),
        isJoining: isJoining(this.store),
        doubt: doubtOf(meta),
      };
    },
    create: (call: CreateCall) =>
      this.#writeAtBirth(call, (ctx) => createRoom(ctx, { ...call, create: this.#pdu(call.create) })),
    send: (call: RoomCall & SendInput) => this.#write(call, (ctx) => sendOnce(ctx, call)),
    changeMembership: (call: RoomCall & MembershipInput) => this.#write(call, (ctx) => changeMembership(ctx, call)),
    draftInvite: (call: RoomCall & MembershipInput) => this.#write(call, (ctx) => draftInvite(ctx, call)),
    commitInvite: (call: RoomCall & { eventId: EventId; signatures: JsonObject }) =>
      this.#write(call, (ctx) => commitInvite(ctx, call.eventId, call.signatures)),
    dropInvite: (call: RoomCall & { eventId: EventId }) => this.#write(call, (ctx) => dropDraft(ctx, call.eventId)),
    rejectInvite: (call: RoomCall & { userId: UserId; content: JsonObject }) =>
      this.#write(call, (ctx) => rejectRemoteInvite(ctx, call.userId, call.content)),
    joinConditions: (call: RoomCall & { userId: UserId }) =>
      this.#readForServer((store) => joinConditions(store, this.store.rules(), call.userId)),
    heldMembership: (call: RoomCall & { userId: UserId }) => this.#read((store) => heldMembership(store, call.userId)),
    readSync: (call: RoomCall & SyncQuery) => this.#read((store) => readBothWays(store, call, this.#clock())),
    readSliding: (call: RoomCall & SlidingRoomQuery) => this.#read((store) => readSliding(store, call, this.#clock())),
    readInvite: (call: RoomCall & { userId: UserId }) => this.#read((store) => readInvite(store, call.userId)),
    readMessages: (call: RoomCall & MessagesQuery) => this.#read((store) => readMessages(store, call, this.#clock())),
    decide: (call: DecideCall) =>
      this.#write(call, (ctx) => {
        if (call.isTakenUp !== true) requireAllowed(ctx.store, call.origin);
        return receive(ctx, call.origin, call.pdus);
      }),
    unknownEvents: (call: RoomCall & { eventIds: readonly EventId[] }) =>
      this.#readForServer(({ events }) => call.eventIds.filter((eventId) => !events.has(eventId))),
    frontier: () =>
      this.#readForServer(({ extremities, state, stream }) => ({
        extremities: extremities.forward(),
        servers: state.serversAt(stream.head()),
      })),
    beginFill: (call: { holder: string }) => this.life.fillTurns.begin(call.holder),
    serverRefused: (call: RoomCall & { server: ServerName }) =>
      this.#write(call, (ctx) => noteRefused(ctx, call.server)),
    endFill: (call: { holder: string }) => this.life.fillTurns.end(call.holder),
    park: (call: ParkCall) =>
      this.#write(call, (ctx) => {
        if (call.isTakenUp !== true) requireAllowed(ctx.store, call.origin);
        park(ctx, call.origin, call.pdus);
      }),
    backfilled: (call: BackfilledCall) =>
      this.#write(call, (ctx) => {
        const pdus = call.pdus.map((checked) => this.#pdu(checked));
        const stored = backfill(ctx, pdus, call.claims);
        takeUpParked(ctx, stored);
        return stored.length > 0;
      }),
    makeMembership: (call: MakeMembershipCall) => this.#write(call, (ctx) => makeMembership(ctx, call)),
    acceptMembership: (call: AcceptMembershipCall) =>
      this.#write({ roomId: call.roomId }, (ctx) => acceptMembership(ctx, { ...call, pdu: this.#pdu(call.pdu) })),
    receiveInvite: (call: ReceiveInviteCall) =>
      this.#writeAtBirth(call, (ctx) => receiveInvite(ctx, { ...call, pdu: this.#pdu(call.pdu) })),
    startJoin: (call: StartJoinCall) => {
      this.#workOnJoin();
      return this.#writeAtBirth(call, (ctx) => startJoin(ctx, { ...call, pdu: this.#pdu(call.pdu) }));
    },
    renewJoin: (call: RoomCall & JoinRun) => {
      const counts = this.#read((store) => isRunning(store, call.run));
      if (counts) this.#workOnJoin();
      return counts;
    },
    takeJoinEvents: (call: TakeJoinEventsCall) =>
      this.#write(call, (ctx) => {
        const events = call.events.map((checked) => ({ pdu: this.#pdu(checked) }));
        takeJoinEvents(ctx, { ...call, events });
      }),
    settleJoin: (call: RoomCall & JoinRun & { readonly offset: number }) =>
      this.#write(call, (ctx) =>
        settleJoin(ctx, { ...call, read: ({ eventId, json = '' }) => this.#pdu({ eventId, json }) }),
      ),
    storeOutliers: (call: RoomCall & { pdus: readonly CheckedPdu[] }) =>
      this.#write(call, (ctx) =>
        storeOutliers(
          ctx,
          call.pdus.map((checked) => this.#pdu(checked)),
        ).map(({ eventId }) => eventId),
      ),
    finishJoin: (call: FinishJoinCall) =>
      this.#write(call, (ctx) => finishJoin(ctx, { ...call, pdu: this.#pdu(call.pdu) })),
    failJoin: (call: RoomCall & FailedServer) => this.#write(call, (ctx) => failJoin(ctx, call)),
    joinAnswer: (call: RoomCall & JoinAnswerQuery) =>
      this.#readForServer((store) => [...joinAnswer(store, this.serverName, call)].join('')),
    eventForServer: (call: ServerQuery) =>
      this.#readForServer((store) => eventForServer(store, call.origin, call.eventId)),
    stateForServer: (call: ServerQuery) =>
      this.#readForServer((store) => [...stateForServer(store, call.origin, call.eventId)].join('')),
    stateIdsForServer: (call: ServerQuery) =>
      this.#readForServer((store) => [...stateIdsForServer(store, call.origin, call.eventId)].join('')),
    backfillForServer: (call: RoomCall & { origin: ServerName; from: readonly EventId[]; limit: number }) =>
      this.#readForServer((store) => backfillForServer(store, call.origin, call.from, call.limit)),
    missingEventsForServer: (call: MissingEventsCall) =>
      this.#readForServer((store) => missingEventsForServer(store, call.origin, call)),
    rangeFor: async (call: RoomCall & DestinationQuery) => {
      const { to } = call;
      if (to !== undefined) return this.#readForServer((store) => rangeOnceMore(store, call, to, this.serverName));
      return this.#write(call, ({ store }) => {
        const range = rangeForDestination(store, call, this.serverName);
        if (range.pdus.length === 0) this.life.dispatcher.reattach(`d:${call.server}`);
        return range;
      });
    },
  };
}
