import { DurableObject } from 'cloudflare:workers';

import { readConfig, type Env } from '../../config.ts';
import { wantedEdus } from '../../federation/edu-switches.ts';
import { ServerKeyRing, type KeyAnswer } from '../../federation/key-ring.ts';
import { createRemoteServers } from '../../federation/remote-servers.ts';
import { retryParked, type RetryAnswer } from '../../federation/receive/retry-parked.ts';
import { getServerKeys } from '../../federation/operations/get-server-keys.ts';
import { sendTransaction } from '../../federation/operations/send-transaction.ts';
import type { OfferAnswer, RoomCursor } from '../../federation/sending/ports.ts';
import { NOTHING_WAITS, type Standing } from '../../federation/sending/standing.ts';
import { feedStaged } from '../../federation/staging/feed-staged.ts';
import { Staging } from '../../federation/staging/staging.ts';
import { Sender } from '../../federation/sending/sender.ts';
import { MatrixError } from '../../matrix/error.ts';
import type { RoomId, ServerName } from '../../matrix/ids/brands.ts';
import { destinationMigrations } from '../../../migrations/destination.ts';
import { askForInvite } from '../../rooms/invite-user.ts';
import { joinOver, type JoinDeps } from '../../rooms/join-over.ts';
import { tellRejection } from '../../rooms/leave-room.ts';
import { verifyEvents } from '../../rooms/verify-events.ts';
import { withdrawJoin } from '../../rooms/withdraw-join.ts';
import { edusLost } from '../../observability/events.ts';
import { roomRegistry } from '../../storage/d1/room-registry.ts';
import { applyMigrations, schemaVersion } from '../../storage/apply-migrations.ts';
import { keyRepository } from '../../storage/destination-db/key-repository.ts';
import { StagingRepository } from '../../storage/destination-db/staging-repository.ts';
import { SendingRepository } from '../../storage/destination-db/sending-repository.ts';
import { answer, answerAsync, type RpcResult } from '../call.ts';
import { after, federationOf, pduCheckerOf } from '../federation.ts';
import { objectStubs } from '../objects.ts';
import { roomLimitsOf, settingsOf } from '../settings.ts';
import { joinTickets } from '../join-tickets.ts';
import { roomClient } from '../room/client.ts';
import { serverKeysOf } from '../server-keys.ts';
import { Schedule } from '../schedule.ts';
import { DestinationDeviceLists, RESYNC, TELL } from './device-lists.ts';
import { roomRanges } from './rooms.ts';
import type { DestinationCall, DestinationRpc, KnownLists, VerifiedEvents } from './rpc.ts';

const DELIVER = 'deliver';
const FEED = 'feed';

/** Of device lists, in one answer. */
const MAX_LISTS_BYTES = 2_000_000;

/** To a busy server sending does not end, and the platform ends an alarm after 15 minutes. */
const DELIVER_TURN_MS = 300_000;

interface Parts {
  readonly sender: Sender;
  readonly keys: ServerKeyRing;
  readonly staging: Staging;
  readonly deviceLists: DestinationDeviceLists;
}

/** One other server: its keys, and what waits for it. */
export class Destination extends DurableObject<Env> implements DestinationRpc {
  readonly #schedule: Schedule;
  /** No duty stands before this (ms), as far as this instance knows. */
  #deliverAt: number | undefined;
  /** Gives the alarm, in which something is being sent, to what else has to be done. */
  #endTurn: (() => void) | undefined;
  #parts: Parts | undefined;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    this.#schedule = new Schedule(ctx.storage);
  }

  offer({ server, offer, settingsRevision }: Parameters<DestinationRpc['offer']>[0]): Promise<RpcResult<OfferAnswer>> {
    this.#hear(settingsRevision);
    return answerAsync(() => this.#open(server).sender.offer(offer));
  }

  async offerEdus({
    server,
    edus,
    settingsRevision,
  }: Parameters<DestinationRpc['offerEdus']>[0]): Promise<RpcResult<void>> {
    return answer(() => {
      // Whoever offers them is behind: they may have been switched off meanwhile.
      if (!this.#hear(settingsRevision)) return;
      const { sender } = this.#open(server);
      for (const edu of edus) sender.offerEdu(edu);
    });
  }

  async keepEdus({
    server,
    edus,
    settingsRevision,
  }: Parameters<DestinationRpc['keepEdus']>[0]): Promise<RpcResult<void>> {
    this.#hear(settingsRevision);
    return answer(() => this.#open(server).sender.keepEdus(edus));
  }

  async noteDeviceLists({
    server,
    updates,
  }: Parameters<DestinationRpc['noteDeviceLists']>[0]): Promise<RpcResult<void>> {
    return answer(() => this.#open(server).deviceLists.receive(updates));
  }

  deviceLists({ server, userIds }: Parameters<DestinationRpc['deviceLists']>[0]): Promise<RpcResult<KnownLists>> {
    return answerAsync(async () => {
      const { deviceLists, sender } = this.#open(server);
      return { ...(await deviceLists.lists.find(userIds, MAX_LISTS_BYTES)), isAway: sender.isWaiting() };
    });
  }

  async keepDeviceLists({
    server,
    mark,
    lists,
  }: Parameters<DestinationRpc['keepDeviceLists']>[0]): Promise<RpcResult<void>> {
    return answer(() => {
      const { deviceLists } = this.#open(server);
      deviceLists.lists.keep(mark, lists);
      deviceLists.resyncSoon();
    });
  }

  async wake({ server, settingsRevision }: DestinationCall): Promise<RpcResult<void>> {
    this.#hear(settingsRevision);
    return answer(() => {
      if (schemaVersion(this.ctx.storage.sql) > 0) this.#open(server).sender.wake();
    });
  }

  async latestRooms({ server }: DestinationCall): Promise<RpcResult<readonly RoomId[]>> {
    return answer(() => (schemaVersion(this.ctx.storage.sql) > 0 ? this.#open(server).sender.latestRooms() : []));
  }

  async standing({ server, refused }: Parameters<DestinationRpc['standing']>[0]): Promise<RpcResult<Standing>> {
    return answer(() =>
      schemaVersion(this.ctx.storage.sql) > 0 ? this.#open(server).sender.standing(refused) : NOTHING_WAITS,
    );
  }

  async cursorsOf({
    server,
    roomIds,
  }: Parameters<DestinationRpc['cursorsOf']>[0]): Promise<RpcResult<readonly RoomCursor[]>> {
    return answer(() => (schemaVersion(this.ctx.storage.sql) > 0 ? this.#open(server).sender.cursorsOf(roomIds) : []));
  }

  keyFor({ server, keyId, validAt }: Parameters<DestinationRpc['keyFor']>[0]): Promise<RpcResult<KeyAnswer>> {
    return answerAsync(() => this.#open(server).keys.keyFor(keyId, validAt));
  }

  keyAnswer({ server, wish }: Parameters<DestinationRpc['keyAnswer']>[0]): Promise<RpcResult<string | undefined>> {
    return answerAsync(() => this.#open(server).keys.publishedAnswer(wish));
  }

  tellRejection({
    server,
    roomId,
    userId,
  }: Parameters<DestinationRpc['tellRejection']>[0]): Promise<RpcResult<boolean>> {
    return answerAsync(() => tellRejection(this.#joinDeps(), userId, roomId, server));
  }

  resumeJoin({ server, roomId, join }: Parameters<DestinationRpc['resumeJoin']>[0]): Promise<RpcResult<void>> {
    return answerAsync(async () => {
      const { event, roomVersion, ...goesOn } = join;
      const sent = event === undefined ? {} : { sent: { ...event, roomVersion } };
      await joinTickets.holdAgain(goesOn.userId, () =>
        joinOver(this.#joinDeps(), { ...goesOn, roomId, server, ...sent }),
      );
    });
  }

  retryParked({ server, roomId, pdus }: Parameters<DestinationRpc['retryParked']>[0]): Promise<RpcResult<RetryAnswer>> {
    return answerAsync(async () => {
      // One back-off for all that is asked of a server.
      const { sender } = this.#open(server);
      if (sender.isWaiting()) return { kind: 'waiting', until: sender.waitsUntil() };
      const { transactions } = federationOf(this.env, readConfig(this.env));
      const dropped = await retryParked(
        transactions,
        { server, roomId, pdus },
        (work) => this.ctx.waitUntil(work),
        (failure) => (failure === undefined ? sender.askedWell() : sender.askedInVain(failure)),
      );
      return { kind: 'tried', dropped };
    });
  }

  async notTaken({ server, roomId, pdus }: Parameters<DestinationRpc['notTaken']>[0]): Promise<RpcResult<boolean>> {
    return answer(() => {
      const feedAt = this.#open(server).staging.notTaken(roomId, pdus);
      if (feedAt !== undefined) {
        this.#schedule.setIfAbsent(FEED, '', feedAt);
        this.#endTurn?.();
      }
      return feedAt !== undefined;
    });
  }

  /** What is sent is checked by settings that are no older than the caller's. @returns whether those are up to date. */
  #hear(revision: number | undefined): boolean {
    return settingsOf(this.env, readConfig(this.env)).hear(revision);
  }

  askForInvite({ server, roomId, draft }: Parameters<DestinationRpc['askForInvite']>[0]): Promise<RpcResult<void>> {
    return answerAsync(async () => {
      await askForInvite(this.#joinDeps(), roomId, server, draft);
    });
  }

  withdrawJoin({ server, ...withdrawal }: Parameters<DestinationRpc['withdrawJoin']>[0]): Promise<RpcResult<boolean>> {
    return answerAsync(() => withdrawJoin(this.#joinDeps(), { server, ...withdrawal }));
  }

  verifyEvents(call: Parameters<DestinationRpc['verifyEvents']>[0]): Promise<RpcResult<VerifiedEvents>> {
    return answerAsync(() => verifyEvents(this.#joinDeps(), call));
  }

  /** What entering and leaving rooms needs, where no request of a user goes on. */
  #joinDeps(): JoinDeps {
    const config = readConfig(this.env);
    const federation = federationOf(this.env, config);
    return {
      serverName: config.serverName,
      rooms: roomClient(objectStubs(this.env, config), settingsOf(this.env, config)),
      remote: createRemoteServers(federation.client),
      pdus: pduCheckerOf(federation),
      registry: roomRegistry(this.env.DB, Date.now),
      signingKey: () => serverKeysOf(this.env, config).active(),
      roomLimits: roomLimitsOf(settingsOf(this.env, config)),
      now: Date.now,
      after,
      randomId: () => crypto.randomUUID().replaceAll('-', '').slice(0, 18),
    };
  }

  override async alarm(): Promise<void> {
    await this.#schedule.run(Date.now, ({ kind }) => {
      if (kind === DELIVER) return this.#deliver();
      const { staging, deviceLists } = this.#open(this.#name());
      if (kind === FEED) return staging.feed();
      return deviceLists.goOn(kind === TELL ? TELL : RESYNC);
    });
  }

  /**
   * Sends until nothing is left, the server fails, or something else is due: the alarm comes back at once for what is still
   * being sent. To a server that does not answer it lasts as long as the try, which a shorter turn would only make dearer.
   */
  async #deliver(): Promise<number | undefined> {
    const { promise, resolve } = Promise.withResolvers<number>();
    const end = () => resolve(Date.now());
    const otherAt = Math.min(...[FEED, TELL, RESYNC].map((kind) => this.#schedule.at(kind, '') ?? Infinity));
    const timer = setTimeout(end, Math.min(DELIVER_TURN_MS, Math.max(0, otherAt - Date.now())));
    this.#endTurn = end;
    try {
      const next = await Promise.race([this.#open(this.#name()).sender.deliver(), promise]);
      this.#deliverAt = next;
      return next;
    } finally {
      clearTimeout(timer);
      this.#endTurn = undefined;
    }
  }

  #name(): ServerName {
    const { value } = this.ctx.storage.sql.exec<{ value: string }>(`select value from meta where key = 'server'`).one();
    return value as ServerName;
  }

  /** Makes the tables at birth or brings them up to date, and the parts of this instance. */
  #open(server: ServerName): Parts {
    if (this.#parts !== undefined) return this.#parts;
    const { storage } = this.ctx;
    if (schemaVersion(storage.sql) < destinationMigrations.length) {
      storage.transactionSync(() => {
        applyMigrations(storage.sql, destinationMigrations);
        storage.sql.exec(`insert or ignore into meta (key, value) values ('server', ?)`, server);
      });
    }
    void this.#schedule.ensureAlarm();
    this.#parts = this.#compose(server);
    return this.#parts;
  }

  #compose(destination: ServerName): Parts {
    const config = readConfig(this.env);
    const { client, eduSwitches, askNotaries, retries } = federationOf(this.env, config);
    const now = Date.now;
    const sender = new Sender({
      serverName: config.serverName,
      destination,
      store: new SendingRepository(this.ctx.storage, () => {
        this.#deliverAt = undefined;
        this.#schedule.forget();
      }),
      rooms: roomRanges(objectStubs(this.env, config)),
      wanted: async (edus) => wantedEdus(await eduSwitches(), edus),
      send: (transaction) => sendTransaction(client, { destination, ...transaction }),
      retries,
      now,
      random: Math.random,
      after: (delayMs, work) => {
        const timer = setTimeout(work, delayMs);
        return () => clearTimeout(timer);
      },
      lost: (count, reason) => edusLost({ server: destination, count, reason }),
      wakeAt: (at) => this.#wakeAt(at),
    });
    const keys = new ServerKeyRing({
      server: destination,
      store: keyRepository(this.ctx.storage.sql),
      fetchKeys: (server) => getServerKeys(client, server),
      askNotaries,
      now,
    });
    const deviceLists = new DestinationDeviceLists(this.ctx, {
      env: this.env,
      config,
      server: destination,
      schedule: this.#schedule,
      sender,
    });
    return { sender, keys, staging: this.#staging(destination), deviceLists };
  }

  #staging(server: ServerName): Staging {
    const config = readConfig(this.env);
    const rooms = roomClient(objectStubs(this.env, config), settingsOf(this.env, config));
    return new Staging({
      store: new StagingRepository(this.ctx.storage),
      now: Date.now,
      sync: () => this.ctx.storage.sync(),
      feed: (roomId, pdus) =>
        feedStaged(federationOf(this.env, config).transactions, { server, roomId, pdus }, (work) =>
          this.ctx.waitUntil(work),
        ),
      park: (roomId, { eventId, json }) =>
        rooms
          .park({ roomId, origin: server, isTakenUp: true, pdus: [{ eventId, json, missing: [], crashed: true }] })
          .then(() => true)
          .catch((error: unknown) => isGone(error)),
    });
  }

  #wakeAt(at: number): void {
    if (this.#deliverAt !== undefined && this.#deliverAt <= at) return;
    this.#deliverAt = at;
    this.#schedule.set(DELIVER, '', at);
  }
}

/** A room that refuses is none of ours any more, and nothing has to be kept for it. */
const isGone = (error: unknown): boolean => error instanceof MatrixError && error.status < 500;
