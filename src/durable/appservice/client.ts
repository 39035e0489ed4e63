import type { Appservice } from '../../appservice/appservices.ts';
import type { EphemeralOffer, ShownBacklog } from '../../appservice/sending/ports.ts';
import { unknownToken } from '../../matrix/error.ts';
import { callObject } from '../call.ts';
import type { ObjectStubs } from '../objects.ts';
import { AS_TOKEN_HASH, type AppserviceRpc } from './rpc.ts';

/** Calls the object of an application service that is registered. See {@link AppserviceRpc}. */
export interface AppserviceClient {
  registered(id: string): Promise<void>;
  removed(id: string): Promise<void>;
  moved(id: string, shard: string, head: number): Promise<void>;
  ephemeral(id: string, offers: readonly EphemeralOffer[]): Promise<void>;
  backlog(id: string): Promise<ShownBacklog>;
  /** The answer that makes a request a WebSocket of the object. Throws `M_UNKNOWN_TOKEN` for a token of before. */
  readonly openStream: (appservice: Pick<Appservice, 'id' | 'asTokenHash'>) => Promise<Response>;
  retry(id: string): Promise<void>;
  called(id: string): Promise<void>;
  replay(id: string, since: number): Promise<void>;
}

export function appserviceClient(stubs: Pick<ObjectStubs, 'appservice'>): AppserviceClient {
  const stub = (id: string) => () => stubs.appservice(id) as unknown as AppserviceRpc;
  return {
    registered: (id) => callObject(stub(id), (object) => object.registered({ id })),
    removed: (id) => callObject(stub(id), (object) => object.removed({ id })),
    moved: (id, shard, head) => callObject(stub(id), (object) => object.moved({ id, shard, head })),
    ephemeral: (id, offers) => callObject(stub(id), (object) => object.ephemeral({ id, offers })),
    backlog: (id) => callObject(stub(id), (object) => object.backlog({ id })),
    openStream: async ({ id, asTokenHash }) => {
      const url = `https://appservice/stream?${new URLSearchParams({ id }).toString()}`;
      const headers = { upgrade: 'websocket', [AS_TOKEN_HASH]: asTokenHash };
      const response = await stubs.appservice(id).fetch(url, { headers });
      if (response.status === 401) throw unknownToken('Unknown token of an application service');
      return response;
    },
    called: (id) => callObject(stub(id), (object) => object.called({ id })),
    replay: (id, since) => callObject(stub(id), (object) => object.replay({ id, since })),
    retry: (id) => callObject(stub(id), (object) => object.retry({ id })),
  };
}
