import type { ServerName } from '../matrix/ids/brands.ts';
import { splitServerName } from '../matrix/ids/server-name.ts';
import { allow, deny, type Result } from '../matrix/result.ts';
import { isPrivateUrl } from './private-address.ts';
import type { HttpFetch } from './http-fetch.ts';
import { findSrvRecords, type SrvLookup } from './srv.ts';
import { fetchWellKnown } from './well-known.ts';

const DEFAULT_PORT = 8448;
const STEP_TIMEOUT_MS = 1_000;
const FIRST_ERROR_CACHE_MS = 60_000;
const MAX_ERROR_CACHE_MS = 3_600_000;
const MAX_CACHED = 2_000;
/** A cached delegation younger than this is not doubted when its target does not answer. */
const DOUBT_AFTER_MS = 600_000;

/** Which rule of the specification found the address, for diagnostics. */
export type DiscoveryStep = 'pinned' | 'ip-literal' | 'explicit-port' | 'srv' | 'fallback-port';

export interface Route {
  /** `host:port` of the URL. `fetch` also makes the Host header and the name in the certificate of it. */
  readonly authority: string;
  readonly step: DiscoveryStep;
  /** The name that `.well-known` delegated to. */
  readonly delegatedTo: ServerName | undefined;
  /** Why `.well-known` gave nothing, where it was asked. */
  readonly wellKnownError: string | undefined;
}

export type NoRoute =
  | { readonly kind: 'private-address'; readonly reason: string }
  /** SRV names another host: `fetch` cannot connect to that one and ask for the certificate of the first. */
  | { readonly kind: 'srv-elsewhere'; readonly reason: string };

export interface DiscoveryOptions {
  readonly fetch: HttpFetch;
  readonly lookupSrv: SrvLookup;
  readonly now: () => number;
  readonly allowPrivateAddresses: boolean;
  /** The administrator's own word for where a server is: `host:port`, whose certificate must name that host. */
  readonly pins?: ReadonlyMap<ServerName, string>;
}

export interface Discovery {
  /** Finds where a server answers. Source: Server-Server API, "Resolving server names". */
  resolve(server: ServerName): Promise<Result<Route, NoRoute>>;
  /** Nothing answers where `resolve` pointed to: the delegation is asked for again, unless it is fresh. */
  doubt(server: ServerName): void;
}

interface CachedWellKnown {
  readonly delegatedTo: ServerName | undefined;
  readonly error: string | undefined;
  readonly failures: number;
  readonly askedAt: number;
  readonly until: number;
}

/**
 * Discovery with a cache of `.well-known` answers. Lookups under way are not shared: a promise of one request may not
 * be awaited by another on Workers.
 */
export function createDiscovery(options: DiscoveryOptions): Discovery {
  const cache = new Map<string, CachedWellKnown>();

  async function wellKnown(host: string): Promise<CachedWellKnown> {
    const now = options.now();
    const cached = cache.get(host);
    if (cached !== undefined && now < cached.until) return cached;
    const answer = await fetchWellKnown(host, { ...options, stepTimeoutMs: STEP_TIMEOUT_MS });
    const failures = answer.ok ? 0 : (cached?.failures ?? 0) + 1;
    const errorCacheMs = Math.min(FIRST_ERROR_CACHE_MS * 2 ** (failures - 1), MAX_ERROR_CACHE_MS);
    const fresh: CachedWellKnown = {
      delegatedTo: answer.ok ? answer.value.server : undefined,
      error: answer.ok ? undefined : answer.reason,
      failures,
      askedAt: now,
      until: now + (answer.ok ? answer.value.cacheMs : errorCacheMs),
    };
    cache.delete(host);
    cache.set(host, fresh);
    const oldest = cache.keys().next();
    if (cache.size > MAX_CACHED && oldest.done !== true) cache.delete(oldest.value);
    return fresh;
  }

  async function route(server: ServerName): Promise<Result<Route, NoRoute>> {
    const none = { delegatedTo: undefined, wellKnownError: undefined };
    const pinned = options.pins?.get(server);
    if (pinned !== undefined) return allow({ authority: pinned, step: 'pinned', ...none });
    const direct = directRoute(server);
    if (direct !== undefined) return allow({ ...direct, ...none });
    const { host } = splitServerName(server);
    const { delegatedTo, error } = await wellKnown(host);
    const found = { delegatedTo, wellKnownError: error };
    const delegated = delegatedTo === undefined ? undefined : directRoute(delegatedTo);
    if (delegated !== undefined) return allow({ ...delegated, ...found });
    const target = await srvOrFallback(delegatedTo ?? host);
    return target.ok ? allow({ ...target.value, ...found }) : target;
  }

  async function srvOrFallback(host: string): Promise<Result<Pick<Route, 'authority' | 'step'>, NoRoute>> {
    const records = await findSrvRecords(host, options.lookupSrv, STEP_TIMEOUT_MS);
    const [preferred] = records;
    if (preferred === undefined) return allow({ authority: `${host}:${DEFAULT_PORT}`, step: 'fallback-port' });
    const same = records.find(({ name }) => name.toLowerCase().replace(/\.$/, '') === host.toLowerCase());
    if (same !== undefined) return allow({ authority: `${host}:${same.port}`, step: 'srv' });
    return deny({
      kind: 'srv-elsewhere',
      reason: `the SRV record of ${host} points to ${preferred.name}, which would have to show a certificate for ${host}; publish a .well-known file or pin an address`,
    });
  }

  return {
    async resolve(server) {
      const found = await route(server);
      if (!found.ok || options.allowPrivateAddresses) return found;
      const url = URL.parse(`https://${found.value.authority}/`);
      if (url !== null && !isPrivateUrl(url)) return found;
      return deny({ kind: 'private-address', reason: `${found.value.authority} is not a public address` });
    },
    doubt(server) {
      const { host } = splitServerName(server);
      const cached = cache.get(host);
      const now = options.now();
      if (cached === undefined || now - cached.askedAt < DOUBT_AFTER_MS) return;
      cache.set(host, { ...cached, until: now });
    },
  };
}

/** Steps 1, 2, 3.1 and 3.2: names that say by themselves where to connect to. */
function directRoute(name: ServerName): Pick<Route, 'authority' | 'step'> | undefined {
  const { host, port, kind } = splitServerName(name);
  if (kind !== 'dns') return { authority: `${host}:${port ?? DEFAULT_PORT}`, step: 'ip-literal' };
  return port === undefined ? undefined : { authority: `${host}:${port}`, step: 'explicit-port' };
}
