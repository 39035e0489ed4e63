import { MatrixError, invalidParam } from '../matrix/error.ts';
import type { UserId } from '../matrix/ids/brands.ts';
import type { JsonObject } from '../matrix/json/json-value.ts';

export interface PusherKey {
  readonly userId: UserId;
  readonly appId: string;
  readonly pushkey: string;
}

export interface NewPusher extends PusherKey {
  readonly deviceId: string;
  readonly fields: {
    readonly kind: 'http';
    readonly app_display_name: string;
    readonly device_display_name: string;
    readonly profile_tag?: string;
    readonly lang: string;
    readonly data: JsonObject & { readonly url: string };
  };
}

/** Who has pushers at the same place, over all shards. It may name some that are gone. */
export interface PushkeyRegistry {
  others(key: PusherKey): Promise<readonly { readonly userId: UserId; readonly shard: string }[]>;
  add(key: PusherKey, shard: string): Promise<void>;
  remove(key: PusherKey): Promise<void>;
}

export interface PusherDeps {
  readonly registry: PushkeyRegistry;
  readonly shards: (shard: string) => {
    setPusher(call: { readonly pusher: NewPusher; readonly append: boolean }): Promise<void>;
    removePusher(call: PusherKey): Promise<void>;
  };
  /** Whether requests may go to a URL: not to private addresses. */
  readonly isPublic: (url: URL) => boolean;
}

const MAX_APP_ID = 64;
const MAX_PUSHKEY_BYTES = 512;
const MAX_FIELDS_BYTES = 8_192;
const NOTIFY = '/_matrix/push/v1/notify';

/**
 * Makes or changes a pusher. Unless it is added beside them, pushers of other users at the same place end: a telephone
 * that changed hands tells nothing of the user before. Throws `M_INVALID_PARAM`, `M_LIMIT_EXCEEDED`.
 * Source: Client-Server API, `POST /pushers/set`.
 */
export async function setPusher(deps: PusherDeps, shard: string, pusher: NewPusher, append: boolean): Promise<void> {
  checkKey(pusher);
  checkUrl(deps, pusher.fields.data.url);
  if (Buffer.byteLength(JSON.stringify(pusher.fields)) > MAX_FIELDS_BYTES) {
    throw invalidParam(`A pusher may have at most ${MAX_FIELDS_BYTES} bytes`);
  }
  await deps.registry.add(pusher, shard);
  if (!append) {
    for (const { userId, shard: theirs } of await deps.registry.others(pusher)) {
      const other = { userId, appId: pusher.appId, pushkey: pusher.pushkey };
      await deps.shards(theirs).removePusher(other);
      await deps.registry.remove(other);
    }
  }
  try {
    await deps.shards(shard).setPusher({ pusher, append });
  } catch (error) {
    // A pusher that was refused was none before: nobody is to be remembered for it.
    if (error instanceof MatrixError && error.status < 500) await deps.registry.remove(pusher);
    throw error;
  }
}

/** Throws `M_INVALID_PARAM`. One that is not there is removed already. */
export async function removePusher(deps: PusherDeps, shard: string, key: PusherKey): Promise<void> {
  checkKey(key);
  await deps.shards(shard).removePusher(key);
  await deps.registry.remove(key);
}

function checkKey({ appId, pushkey }: PusherKey): void {
  if (appId === '' || appId.length > MAX_APP_ID) throw invalidParam(`app_id has 1 to ${MAX_APP_ID} characters`);
  if (pushkey === '' || Buffer.byteLength(pushkey) > MAX_PUSHKEY_BYTES) {
    throw invalidParam(`pushkey has 1 to ${MAX_PUSHKEY_BYTES} bytes`);
  }
}

function checkUrl({ isPublic }: PusherDeps, text: string): void {
  const url = URL.parse(text);
  if (url?.protocol !== 'https:' || url.pathname !== NOTIFY || url.username !== '' || url.password !== '') {
    throw invalidParam(`data.url must be an HTTPS URL whose path is ${NOTIFY}`);
  }
  if (!isPublic(url)) throw invalidParam('data.url is a private address');
}
