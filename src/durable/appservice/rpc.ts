import type { EphemeralOffer, ShownBacklog } from '../../appservice/sending/ports.ts';
import type { RpcResult } from '../call.ts';

/** The header by which a stream is asked for: what the token was known by that let the asker in. */
export const AS_TOKEN_HASH = 'eyrie-as-token-hash';

export interface AppserviceCall {
  /** Of the registration. */
  readonly id: string;
}

/** The RPC surface of an `AppService`. */
export interface AppserviceRpc {
  /** It is registered, or its registration changed. Nothing of before the first call is sent. */
  registered(call: AppserviceCall): Promise<RpcResult<void>>;
  /** Its registration ended: what waits is dropped. */
  removed(call: AppserviceCall): Promise<RpcResult<void>>;
  /** The log of a shard of local users goes up to `head`. Durable when it is answered; nothing waits for what follows. */
  moved(call: AppserviceCall & { readonly shard: string; readonly head: number }): Promise<RpcResult<void>>;
  /** Who types, how somebody is: never a row, and lost where it is not sent soon. */
  ephemeral(call: AppserviceCall & { readonly offers: readonly EphemeralOffer[] }): Promise<RpcResult<void>>;
  backlog(call: AppserviceCall): Promise<RpcResult<ShownBacklog>>;
  /** Ends the back-off. Answers when the try has, or after five seconds. */
  retry(call: AppserviceCall): Promise<RpcResult<void>>;
  /** It has called us, so it is there: the back-off ends, if there is one. */
  called(call: AppserviceCall): Promise<RpcResult<void>>;
  /** Has everything that was received since a time (ms), but nothing of before its registration, sent once more. */
  replay(call: AppserviceCall & { readonly since: number }): Promise<RpcResult<void>>;
}
