import type { Config, Env } from '../config.ts';
import { createFederationClient, type FederationClient } from '../federation/client.ts';
import { whileOn, type EduSwitches } from '../federation/edu-switches.ts';
import { askNotaries as notariesAsked, type AskNotaries } from '../federation/ask-notaries.ts';
import type { DestinationRegistry } from '../federation/destination-registry.ts';
import { createDiscovery, type Discovery } from '../federation/discovery.ts';
import { createPublicFetch, type FetchPublic } from '../federation/fetch-public.ts';
import { createKeyRings, type KeyRings } from '../federation/key-ring.ts';
import { createNotary, type Notary } from '../federation/notary.ts';
import { createIdentityServers } from '../federation/identity-servers.ts';
import { getServerKeys } from '../federation/operations/get-server-keys.ts';
import { RetrySlots } from '../federation/sending/retry-slots.ts';
import { ownKeyLookup, type OwnKeys } from '../federation/own-keys.ts';
import { receiveDeviceLists, type NoteUpdates } from '../federation/receive/edus/receive-device-lists.ts';
import { receiveDirectToDevice } from '../federation/receive/edus/receive-direct-to-device.ts';
import { receiveTyping } from '../federation/receive/edus/receive-typing.ts';
import { receivePresence, type PresenceReceivers } from '../federation/receive/edus/receive-presence.ts';
import { receiveReceipts } from '../federation/receive/edus/receive-receipts.ts';
import { createPduChecker } from '../federation/receive/pdu-checker.ts';
import type { KnownRooms } from '../federation/receive/ports.ts';
import type { TransactionDeps } from '../federation/receive/receive-transaction.ts';
import type { FederationPolicy } from '../federation/policy.ts';
import { dnsSrvLookup } from '../federation/srv.ts';
import { createRequestVerifier, type RequestVerifier } from '../federation/verify-request.ts';
import { originWaker } from '../federation/wake-origin.ts';
import type { ServerKeys } from '../settings/signing-key.ts';
import { unavailable } from '../matrix/error.ts';
import type { ServerName } from '../matrix/ids/brands.ts';
import { roomDidNotTake } from '../observability/events.ts';
import { shardList } from '../storage/d1/shard-list.ts';
import { destinationRegistry } from '../storage/d1/destination-registry.ts';
import { knownRooms } from '../storage/d1/known-rooms.ts';
import { destinationClient, type DestinationClient } from './destination/client.ts';
import { objectStubs } from './objects.ts';
import { roomClient, type RoomClient } from './room/client.ts';
import { serverKeysOf } from './server-keys.ts';
import { settingsOf } from './settings.ts';
import { receiveLocally } from '../to-device/receive-locally.ts';
import type { ToDeviceDeps } from '../to-device/ports.ts';
import { toDeviceOf } from './to-device.ts';
import { shardClient } from './user/client.ts';

export interface Federation {
  /** For requests to other servers. */
  readonly client: FederationClient;
  readonly discovery: Discovery;
  /** For what somebody else names by a URL. */
  readonly fetchPublic: FetchPublic;
  /** For what users name: never a private address, whatever the deployment allows between servers. */
  readonly fetchPage: FetchPublic;
  readonly identity: ReturnType<typeof createIdentityServers>;
  readonly registry: DestinationRegistry;
  readonly destinations: DestinationClient;
  readonly policy: () => Promise<FederationPolicy>;
  readonly eduSwitches: () => Promise<EduSwitches>;
  readonly ownKeys: OwnKeys;
  readonly keys: KeyRings;
  /** For keys of servers that cannot be asked themselves. */
  readonly askNotaries: AskNotaries;
  /** For others, who ask us for keys of servers. */
  readonly notary: Notary;
  /** For requests of other servers. */
  readonly verifier: RequestVerifier;
  /** For transactions of other servers. */
  readonly transactions: TransactionDeps;
  /** For messages to devices. */
  readonly toDevice: ToDeviceDeps;
  /** When servers that are down are tried again. */
  readonly retries: RetrySlots;
  /** Wakes the object of a server that was heard of. */
  readonly wake: (origin: ServerName) => Promise<void> | undefined;
}

/** One per isolate: losing it, or having two, changes nothing. */
const cache = new WeakMap<D1Database, Federation>();

/** How we talk with other servers, for the Worker and for objects alike. */
export function federationOf(env: Env, config: Config): Federation {
  const cached = cache.get(env.DB);
  if (cached !== undefined) return cached;
  const federation = compose(env, config);
  cache.set(env.DB, federation);
  return federation;
}

function compose(env: Env, config: Config): Federation {
  const now = Date.now;
  const { allowPrivateAddresses, serverName } = config;
  const outgoing = (url: string, init: RequestInit) => fetch(url, init);
  const discovery = createDiscovery({ fetch: outgoing, lookupSrv: dnsSrvLookup, now, allowPrivateAddresses });
  const settings = settingsOf(env, config);
  const policy = async () => {
    const { values } = await settings.snapshot();
    return { enabled: values['federation.enabled'], allowList: values['federation.allow_list'] };
  };
  const eduSwitches = async () => {
    const { values } = await settings.snapshot();
    return { typing: values['edu.typing'], receipts: values['edu.receipts'], presence: values['edu.presence'] };
  };
  const serverKeys = serverKeysOf(env, config);
  const client = createFederationClient({
    serverName,
    fetch: outgoing,
    discovery,
    signingKey: () => serverKeys.active(),
    policy,
  });
  const registry = destinationRegistry(env.DB, now);
  const destinations = destinationClient(objectStubs(env, config), registry, settings);
  const { ownKeys, keys, askNotaries, notary } = keysOf({
    serverName,
    serverKeys,
    client,
    registry,
    destinations,
    notaries: async () => (await settings.snapshot()).values['federation.notaries'],
  });
  const verifier = createRequestVerifier({ serverName, keys: keys.ofRequests, policy, now });
  const wake = originWaker({ registry, wake: (origin) => destinations.wake(origin), now });
  const known = knownRooms(env.DB, now);
  const rooms = roomClient(objectStubs(env, config), settings);
  const toDevice = toDeviceOf(env, config, { destinations, policy });
  const transactions: TransactionDeps = {
    serverName,
    keys: keys.ofEvents,
    client,
    rooms,
    onNotTaken: async ({ roomId, origin }, pdus, error) => {
      roomDidNotTake({ roomId, origin, error });
      if (pdus.length === 0 || !(await destinations.notTaken(origin, roomId, pdus))) {
        throw unavailable('A room could not take its events');
      }
    },
    knownRooms: known,
    edus: eduHandlers(known, rooms, presenceReceivers(env, config, registry), eduSwitches),
    lastingEdus: {
      ...lastingHandlers(toDevice),
      ...keyHandlers(async (origin, updates) => {
        // Strangers tell nothing.
        if (await registry.has(origin)) await destinations.noteDeviceLists(origin, updates);
      }),
    },
    onSharedRoom: (origin) => registry.add(origin),
    after,
  };
  return {
    client,
    discovery,
    fetchPublic: createPublicFetch({ fetch: outgoing, allowPrivateAddresses }),
    fetchPage: createPublicFetch({ fetch: outgoing, allowPrivateAddresses: false }),
    identity: createIdentityServers({ fetch: outgoing, allowPrivateAddresses }),
    registry,
    destinations,
    policy,
    eduSwitches,
    ownKeys,
    keys,
    askNotaries,
    notary,
    verifier,
    transactions,
    toDevice,
    retries: new RetrySlots(now),
    wake,
  };
}

/**
 * A client for a diagnosis: it finds each server as if for the first time, and asks this one as any other, whatever the
 * settings allow.
 */
export function unknownFederation(
  env: Env,
  config: Config,
): { readonly discovery: Discovery; readonly client: FederationClient } {
  const { allowPrivateAddresses, serverName } = config;
  const outgoing = (url: string, init: RequestInit) => fetch(url, init);
  const discovery = createDiscovery({ fetch: outgoing, lookupSrv: dnsSrvLookup, now: Date.now, allowPrivateAddresses });
  const client = createFederationClient({
    serverName,
    fetch: outgoing,
    discovery,
    signingKey: () => serverKeysOf(env, config).active(),
    policy: async () => ({ enabled: true, allowList: [] }),
    asksItself: true,
  });
  return { discovery, client };
}

/** Keys of servers: our own, those of others, and what we tell of them. */
function keysOf({
  serverName,
  serverKeys,
  client,
  registry,
  destinations,
  notaries,
}: Pick<Federation, 'client' | 'registry' | 'destinations'> & {
  readonly serverName: ServerName;
  readonly serverKeys: ServerKeys;
  readonly notaries: () => Promise<readonly ServerName[]>;
}): Pick<Federation, 'ownKeys' | 'keys' | 'askNotaries' | 'notary'> {
  const now = Date.now;
  const ownKeys: OwnKeys = serverKeys;
  const sources = {
    serverName,
    isRegistered: (server: ServerName) => registry.has(server),
    fetchKeys: (server: ServerName) => getServerKeys(client, server),
    now,
  };
  const askNotaries = notariesAsked({
    client,
    notaries,
    keyFor: (server, keyId, validAt) => keys.ofEvents.keyFor(server, keyId, validAt),
    now,
  });
  const keys = createKeyRings({
    ...sources,
    ownKey: ownKeyLookup(ownKeys),
    askOwner: (server, keyId, validAt) => destinations.keyFor(server, keyId, validAt),
    askNotaries,
  });
  const notary = createNotary({
    ...sources,
    ownKeys,
    signingKey: () => serverKeys.active(),
    askOwner: (server, wish) => destinations.keyAnswer(server, wish),
    after,
  });
  return { ownKeys, keys, askNotaries, notary };
}

/** Each shard knows which of its users may see whom. */
function presenceReceivers(env: Env, config: Config, registry: Pick<DestinationRegistry, 'has'>): PresenceReceivers {
  const shards = shardClient(objectStubs(env, config));
  const names = shardList(env.DB, Date.now);
  return {
    isKnown: (origin) => registry.has(origin),
    receive: async (origin, updates) => {
      const all = await names();
      await Promise.allSettled(all.map((shard) => shards(shard).applyRemotePresence({ origin, updates })));
    },
  };
}

function eduHandlers(
  known: KnownRooms,
  rooms: Pick<RoomClient, 'remoteTyping' | 'remoteReceipts'>,
  presence: PresenceReceivers,
  switches: () => Promise<EduSwitches>,
): TransactionDeps['edus'] {
  const typing = receiveTyping(known, { receive: (typed) => rooms.remoteTyping(typed) }, Date.now);
  const receipts = receiveReceipts(known, {
    receive: (roomId, origin, received) =>
      rooms.remoteReceipts({
        roomId,
        origin,
        receipts: received.map(({ threadId = '', ...receipt }) => ({ ...receipt, type: 'm.read', threadId })),
      }),
  });
  return {
    'm.typing': whileOn('m.typing', switches, typing),
    'm.presence': whileOn('m.presence', switches, receivePresence(presence, Date.now)),
    'm.receipt': whileOn('m.receipt', switches, receipts),
  };
}

function keyHandlers(note: NoteUpdates): TransactionDeps['lastingEdus'] {
  const handler = receiveDeviceLists(note);
  return { 'm.device_list_update': handler, 'm.signing_key_update': handler };
}

/** Nobody answers for devices that are not there: such a delivery is not remembered either. */
function lastingHandlers({ serverName, local }: ToDeviceDeps): TransactionDeps['lastingEdus'] {
  return {
    'm.direct_to_device': receiveDirectToDevice(serverName, (deliveries) =>
      receiveLocally(
        local,
        deliveries.map((delivery) => ({ ...delivery, isRemembered: false })),
      ),
    ),
  };
}

export function after(delayMs: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, delayMs);
  });
}

/** Keys of events that were asked for are waited for this long. */
const KEYS_TIMEOUT_MS = 20_000;

/** Checks 1 to 3 of events that we asked for. */
export function pduCheckerOf({ keys }: Pick<Federation, 'keys'>) {
  return createPduChecker({ keys: keys.ofEvents, late: () => after(KEYS_TIMEOUT_MS) });
}
