import type { DestinationRegistry } from '../../federation/destination-registry.ts';
import type { DeviceListUpdate } from '../../federation/device-lists/ports.ts';
import type { KeptList, Mark } from '../../federation/device-lists/remote-device-lists.ts';
import type { KeyAnswer } from '../../federation/key-ring.ts';
import type { KeyWish } from '../../federation/published-answer.ts';
import type { LatestEdu } from '../../federation/sending/edu-buffer.ts';
import type { KeptEdu, OfferAnswer, RoomCursor, RoomOffer } from '../../federation/sending/ports.ts';
import type { Standing } from '../../federation/sending/standing.ts';
import type { StagedPdu } from '../../federation/staging/ports.ts';
import type { ParkedEvent, RetryAnswer } from '../../federation/receive/retry-parked.ts';
import type { RoomId, ServerName, UserId } from '../../matrix/ids/brands.ts';
import type { Settings } from '../../settings/settings.ts';
import type { InviteDraft } from '../../room/membership/remote-invite.ts';
import type { ResumedJoin } from '../../room/join/join-saga.ts';
import { callObject } from '../call.ts';
import type { ObjectStubs } from '../objects.ts';
import type { DestinationRpc, JoinWithdrawal, KnownLists, UnverifiedEvents, VerifiedEvents } from './rpc.ts';

/** Calls the object of another server. Refusals are thrown as `MatrixError`. */
export interface DestinationClient {
  /** For rooms that the server is in. Registers it. */
  offer(server: ServerName, offer: RoomOffer): Promise<OfferAnswer>;
  /** The same, for EDUs. */
  offerEdus(server: ServerName, edus: readonly LatestEdu[]): Promise<void>;
  /** Registers the server. See {@link DestinationRpc.keepEdus}. */
  keepEdus(server: ServerName, edus: readonly KeptEdu[]): Promise<void>;
  /** These only for a registered server. See {@link DestinationRpc}. */
  noteDeviceLists(server: ServerName, updates: readonly DeviceListUpdate[]): Promise<void>;
  deviceLists(server: ServerName, userIds: readonly UserId[]): Promise<KnownLists>;
  keepDeviceLists(server: ServerName, mark: Mark, lists: readonly KeptList[]): Promise<void>;
  /** Only for a registered server. See {@link DestinationRpc.latestRooms}. */
  latestRooms(server: ServerName): Promise<readonly RoomId[]>;
  /** Only for a registered server. See {@link DestinationRpc.standing}. */
  standing(server: ServerName, refused: number): Promise<Standing>;
  /** Only for a registered server. See {@link DestinationRpc.cursorsOf}. */
  cursorsOf(server: ServerName, roomIds: readonly RoomId[]): Promise<readonly RoomCursor[]>;
  /** Only for a registered server. */
  wake(server: ServerName): Promise<void>;
  /** Registers the server. See {@link DestinationRpc.tellRejection}. */
  tellRejection(server: ServerName, roomId: RoomId, userId: UserId): Promise<boolean>;
  /** Registers the server. See `retryParked` of `federation/receive`. */
  retryParked(
    server: ServerName,
    call: { readonly roomId: RoomId; readonly pdus: readonly ParkedEvent[] },
  ): Promise<RetryAnswer>;
  /** Registers the server. See `Staging.notTaken`. @returns whether the PDUs are kept. */
  notTaken(server: ServerName, roomId: RoomId, pdus: readonly StagedPdu[]): Promise<boolean>;
  /** These register the server. See {@link DestinationRpc}. */
  askForInvite(server: ServerName, roomId: RoomId, draft: InviteDraft): Promise<void>;
  resumeJoin(server: ServerName, roomId: RoomId, join: ResumedJoin): Promise<void>;
  withdrawJoin(server: ServerName, withdrawal: JoinWithdrawal): Promise<boolean>;
  verifyEvents(server: ServerName, events: UnverifiedEvents): Promise<VerifiedEvents>;
  /** Only for a registered server. */
  keyFor(server: ServerName, keyId: string, validAt: number | undefined): Promise<KeyAnswer>;
  /** Only for a registered server. */
  keyAnswer(server: ServerName, wish: KeyWish): Promise<string | undefined>;
}

export function destinationClient(
  stubs: Pick<ObjectStubs, 'destination'>,
  registry: Pick<DestinationRegistry, 'add'>,
  settings?: Pick<Settings, 'revision'>,
): DestinationClient {
  const to = (server: ServerName) => ({ server, settingsRevision: settings?.revision() });
  const stub = (server: ServerName) => () => stubs.destination(server) as unknown as DestinationRpc;
  return {
    async offer(server, offer) {
      await registry.add(server);
      return callObject(stub(server), (destination) => destination.offer({ ...to(server), offer }));
    },
    async offerEdus(server, edus) {
      await registry.add(server);
      return callObject(stub(server), (destination) => destination.offerEdus({ ...to(server), edus }));
    },
    async keepEdus(server, edus) {
      await registry.add(server);
      return callObject(stub(server), (destination) => destination.keepEdus({ ...to(server), edus }));
    },
    async tellRejection(server, roomId, userId) {
      await registry.add(server);
      return callObject(stub(server), (destination) => destination.tellRejection({ ...to(server), roomId, userId }));
    },
    async retryParked(server, call) {
      await registry.add(server);
      return callObject(stub(server), (destination) => destination.retryParked({ ...to(server), ...call }));
    },
    async notTaken(server, roomId, pdus) {
      await registry.add(server);
      const staged = pdus.map(({ eventId, json }) => ({ eventId, json }));
      return callObject(stub(server), (destination) => destination.notTaken({ ...to(server), roomId, pdus: staged }));
    },
    async askForInvite(server, roomId, draft) {
      await registry.add(server);
      return callObject(stub(server), (destination) => destination.askForInvite({ ...to(server), roomId, draft }));
    },
    async resumeJoin(server, roomId, join) {
      await registry.add(server);
      return callObject(stub(server), (destination) => destination.resumeJoin({ ...to(server), roomId, join }));
    },
    async withdrawJoin(server, withdrawal) {
      await registry.add(server);
      return callObject(stub(server), (destination) => destination.withdrawJoin({ ...to(server), ...withdrawal }));
    },
    async verifyEvents(server, events) {
      await registry.add(server);
      return callObject(stub(server), (destination) => destination.verifyEvents({ ...to(server), ...events }));
    },
    noteDeviceLists: (server, updates) =>
      callObject(stub(server), (destination) => destination.noteDeviceLists({ ...to(server), updates })),
    deviceLists: (server, userIds) =>
      callObject(stub(server), (destination) => destination.deviceLists({ ...to(server), userIds })),
    keepDeviceLists: (server, mark, lists) =>
      callObject(stub(server), (destination) => destination.keepDeviceLists({ ...to(server), mark, lists })),
    latestRooms: (server) => callObject(stub(server), (destination) => destination.latestRooms(to(server))),
    standing: (server, refused) =>
      callObject(stub(server), (destination) => destination.standing({ ...to(server), refused })),
    cursorsOf: (server, roomIds) =>
      callObject(stub(server), (destination) => destination.cursorsOf({ ...to(server), roomIds })),
    wake: (server) => callObject(stub(server), (destination) => destination.wake(to(server))),
    keyFor: (server, keyId, validAt) =>
      callObject(stub(server), (destination) => destination.keyFor({ ...to(server), keyId, validAt })),
    keyAnswer: (server, wish) =>
      callObject(stub(server), (destination) => destination.keyAnswer({ ...to(server), wish })),
  };
}
