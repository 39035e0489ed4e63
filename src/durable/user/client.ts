import { actingAppservice } from '../acting.ts';
import { callMethod, callObject, type RpcResult } from '../call.ts';
import type { ObjectStubs } from '../objects.ts';
import type { UserKeyBackupRpc, UserKeysRpc } from './keys-rpc.ts';
import type {
  UserAccountRpc,
  UserInboxRpc,
  UserPresenceRpc,
  UserProgressRpc,
  UserPushRpc,
  UserRoomJobsRpc,
  UserSlidingRpc,
  Waiting,
} from './rpc.ts';

type UserRpc = UserProgressRpc &
  UserAccountRpc &
  UserInboxRpc &
  UserKeysRpc &
  UserKeyBackupRpc &
  UserPresenceRpc &
  UserPushRpc &
  UserRoomJobsRpc &
  UserSlidingRpc;

/** Each RPC method of a shard as an ordinary call: refusals are thrown as MatrixError. */
export type ShardClient = {
  readonly [Method in keyof UserRpc]: UserRpc[Method] extends (call: infer Call) => Promise<RpcResult<infer T>>
    ? (call: Call) => Promise<T>
    : never;
} & {
  /**
   * Opens a wait for news; resolves to a socket that gets one message when there are any: a `SyncPlan` as JSON, of a
   * sliding sync an empty one.
   */
  readonly wait: (waiting: Waiting) => Promise<WebSocket>;
};

/** Methods that change something: each call of them gets an operation ID, so that a repeat acts once. */
const MUTATING: ReadonlySet<string> = new Set<keyof UserRpc>([
  'openSession',
  'refresh',
  'endSession',
  'setStanding',
  'removeDevices',
  'takePasswordTry',
  'clearPasswordTries',
  'deactivate',
  'putDevice',
  'setProfile',
  'setProfileField',
  'putAccountData',
  'changePushRules',
  'changeTag',
  'carrySettings',
  'addFilter',
  'forgetRoom',
  'uploadKeys',
  'uploadSigningKeys',
  'uploadSignatures',
  'createBackup',
  'changeBackup',
  'deleteBackup',
  'storeRoomKeys',
  'deleteRoomKeys',
  'claimKeys',
  'setPusher',
  'removePusher',
  'slidingCommit',
]);

/** The shards of local users, by name. */
export function shardClient(stubs: Pick<ObjectStubs, 'userShard'>): (shard: string) => ShardClient {
  return (shard) =>
    new Proxy({} as ShardClient, {
      get: (_target, method: string) =>
        method === 'wait' ? openWait(stubs, shard) : (call: object) => callShard(stubs, shard, method, call),
    });
}

function callShard(
  stubs: Pick<ObjectStubs, 'userShard'>,
  shard: string,
  method: string,
  call: object,
): Promise<unknown> {
  const appservice = actingAppservice();
  const told = appservice === undefined ? call : { ...call, appservice };
  const input = MUTATING.has(method) ? { opId: crypto.randomUUID(), ...told } : told;
  return callObject(
    () => stubs.userShard(shard),
    (stub) => callMethod(stub, method, input),
  );
}

function openWait(stubs: Pick<ObjectStubs, 'userShard'>, shard: string): ShardClient['wait'] {
  return async (waiting) => {
    const query = new URLSearchParams({ waiting: JSON.stringify(waiting) });
    const response = await stubs.userShard(shard).fetch(`https://shard/wait?${query.toString()}`, {
      headers: { upgrade: 'websocket' },
    });
    if (response.webSocket === null) throw new Error('the shard gave no socket');
    response.webSocket.accept();
    return response.webSocket;
  };
}
