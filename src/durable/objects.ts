import type { Config, Env } from '../config.ts';
import type { RoomId, ServerName } from '../matrix/ids/brands.ts';

/**
 * The one place that makes stubs. The first caller of an object pins it to a place for ever, so region and
 * jurisdiction are always passed.
 */
export interface ObjectStubs {
  room(roomId: RoomId): DurableObjectStub;
  userShard(shard: string): DurableObjectStub;
  destination(server: ServerName): DurableObjectStub;
  appservice(id: string): DurableObjectStub;
}

export function objectStubs(env: Env, config: Config): ObjectStubs {
  const { jurisdiction, region } = config;
  const options = region === undefined ? {} : { locationHint: region as DurableObjectLocationHint };
  const stub = (namespace: DurableObjectNamespace, name: string) =>
    (jurisdiction === undefined
      ? namespace
      : namespace.jurisdiction(jurisdiction as DurableObjectJurisdiction)
    ).getByName(name, options);
  return {
    room: (roomId) => stub(env.ROOM, roomId),
    userShard: (shard) => stub(env.USER, shard),
    destination: (server) => stub(env.DESTINATION, server),
    appservice: (id) => stub(env.APPSERVICE, id),
  };
}
