import type { RoomId } from '../../matrix/ids/brands.ts';
import type { Settings } from '../../settings/settings.ts';
import { actingAppservice } from '../acting.ts';
import { callMethod, callObject, type RpcResult } from '../call.ts';
import type { ObjectStubs } from '../objects.ts';
import type { RoomRpc } from './rpc.ts';

/** Each RPC method of a room as an ordinary call: refusals are thrown as MatrixError. */
export type RoomClient = {
  readonly [Method in keyof RoomRpc]: RoomRpc[Method] extends (call: infer Call) => Promise<RpcResult<infer T>>
    ? (call: Call) => Promise<T>
    : never;
};

/**
 * Methods that change something: each call of them gets an operation ID, so that a repeat acts once. A membership that
 * another server hands in needs none: its event has an ID.
 */
const MUTATING: ReadonlySet<string> = new Set<keyof RoomRpc>([
  'create',
  'send',
  'setPowerLevel',
  'changeMembership',
  'draftInvite',
  'commitInvite',
  'beginUpgrade',
  'shutDown',
  'rejectInvite',
  'receiveInvite',
  'receiveKnock',
  'startJoin',
  'finishJoin',
  'failJoin',
]);

/** A client's transaction ID is kept for ever and does what an operation ID does. */
function isOnceAnyway(call: object): boolean {
  return 'transaction' in call && call.transaction !== undefined;
}

/**
 * The rooms. What is not registered in D1 must not be addressed: the caller asks the registry first.
 * @param settings by which the callers act: their revision goes along.
 */
export function roomClient(stubs: ObjectStubs, settings?: Pick<Settings, 'revision'>): RoomClient {
  return new Proxy({} as RoomClient, {
    get: (_target, method: string) => (call: { readonly roomId: RoomId }) => {
      const told = { ...call, settingsRevision: settings?.revision(), appservice: actingAppservice() };
      const input = MUTATING.has(method) && !isOnceAnyway(call) ? { opId: crypto.randomUUID(), ...told } : told;
      return callObject(
        () => stubs.room(call.roomId),
        (stub) => callMethod(stub, method, input),
      );
    },
  });
}
