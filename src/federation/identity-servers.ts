import { encodeBase64Url } from '../matrix/crypto/base64.ts';
import { sha256 } from '../matrix/crypto/sha256.ts';
import { badGateway, forbidden, type MatrixError } from '../matrix/error.ts';
import { parseUserId } from '../matrix/ids/user-id.ts';
import type { ServerName, UserId } from '../matrix/ids/brands.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../matrix/json/json-value.ts';
import { plainJson } from '../matrix/json/plain-json.ts';
import { parseAnswer } from './client.ts';
import { readCapped, withTimeout, type HttpFetch } from './http-fetch.ts';
import { isPrivateUrl } from './private-address.ts';

const TIMEOUT_MS = 10_000;
const MAX_BYTES = 65_536;
const MAX_KEYS = 10;

export interface IdentityServersDeps {
  readonly fetch: HttpFetch;
  readonly allowPrivateAddresses: boolean;
}

interface Access {
  readonly server: ServerName;
  readonly token: string;
}

/**
 * Identity servers, as clients name them. They are strangers: only public addresses are asked, answers are bounded in
 * time and size, redirects are not followed. Refusals are thrown. Source: Identity Service API.
 */
export function createIdentityServers(deps: IdentityServersDeps) {
  const call = (access: Access, path: string, body?: JsonObject) =>
    ask(deps, `https://${access.server}/_matrix/identity/v2${path}`, {
      headers: {
        Authorization: `Bearer ${access.token}`,
        ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
      },
      ...(body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) }),
    });

  return {
    async lookUp(access: Access, { medium, address }: { readonly medium: string; readonly address: string }) {
      const details = await call(access, '/hash_details');
      const { algorithms, lookup_pepper: pepper } = details;
      const offered: readonly JsonValue[] = Array.isArray(algorithms) ? algorithms : [];
      if (!offered.includes('sha256') || typeof pepper !== 'string') {
        throw badGateway(`${access.server} knows no way to look up an address`);
      }
      const hashed = encodeBase64Url(sha256(`${address} ${medium} ${pepper}`));
      const { mappings } = await call(access, '/lookup', { algorithm: 'sha256', pepper, addresses: [hashed] });
      const found = isJsonObject(mappings) ? mappings[hashed] : undefined;
      return typeof found === 'string' ? userIdIn(access.server, found) : undefined;
    },

    async storeInvite(access: Access, invitation: JsonObject) {
      const { token, display_name: displayName, public_keys: listed } = await call(access, '/store-invite', invitation);
      const keys: readonly JsonValue[] = Array.isArray(listed) ? listed : [];
      const publicKeys = keys.filter(isJsonObject).filter(({ public_key: key }) => typeof key === 'string');
      const isToken = typeof token === 'string' && /^[0-9a-zA-Z.=_-]{1,255}$/.test(token);
      if (!isToken || typeof displayName !== 'string' || publicKeys.length === 0) {
        throw badGateway(`${access.server} did not store the invitation`);
      }
      return { token, displayName, publicKeys: publicKeys.slice(0, MAX_KEYS).map(plainJson) };
    },

    async isKeyValid(url: string, publicKey: string): Promise<boolean> {
      const parsed = URL.parse(url);
      if (parsed === null) return false;
      parsed.searchParams.set('public_key', publicKey);
      return (await ask(deps, parsed.href, {}))['valid'] === true;
    },
  };
}

function userIdIn(server: ServerName, text: string): UserId {
  const parsed = parseUserId(text);
  if (!parsed.ok) throw badGateway(`${server} named no user`);
  return parsed.value;
}

async function ask(
  { fetch, allowPrivateAddresses }: IdentityServersDeps,
  url: string,
  init: RequestInit,
): Promise<JsonObject> {
  const parsed = URL.parse(url);
  if (parsed?.protocol !== 'https:' || (!allowPrivateAddresses && isPrivateUrl(parsed))) {
    throw forbidden('The identity server has no public address');
  }
  const { host } = parsed;
  try {
    return await withTimeout(TIMEOUT_MS, async (signal) => {
      const response = await fetch(parsed.href, { ...init, redirect: 'manual', signal });
      const answer = parseAnswer(await readCapped(response, MAX_BYTES));
      if (response.status !== 200) throw new Refused(response.status, answer.ok ? answer.value : undefined);
      if (!answer.ok || !isJsonObject(answer.value)) throw new Error('the answer is no JSON object');
      return answer.value;
    });
  } catch (error) {
    throw failure(host, error);
  }
}

class Refused extends Error {
  readonly status: number;

  constructor(status: number, body: JsonValue | undefined) {
    const said = isJsonObject(body) ? body['error'] : undefined;
    super(typeof said === 'string' ? said.slice(0, 512) : `status ${status}`);
    this.status = status;
  }
}

/** What it refuses is no fault of ours: its 401 must not end our own user's session. */
function failure(host: string, error: unknown): MatrixError {
  const reason = error instanceof Error ? error.message : String(error);
  return error instanceof Refused && error.status < 500
    ? forbidden(`The identity server ${host} refused: ${reason}`)
    : badGateway(`The identity server ${host} could not be asked: ${reason}`);
}
