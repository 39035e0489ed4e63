import * as v from 'valibot';

import { isOwnName, parseServerName } from './matrix/ids/server-name.ts';
import type { ServerName } from './matrix/ids/brands.ts';

/** What the platform binds to the Worker and to every Durable Object. Text variables are read through {@link readConfig} alone. */
export interface Env {
  readonly ROOM: DurableObjectNamespace;
  readonly USER: DurableObjectNamespace;
  readonly DESTINATION: DurableObjectNamespace;
  readonly APPSERVICE: DurableObjectNamespace;
  /** The way to application services, which may be at private addresses; without it, that of all requests. */
  readonly APPSERVICES?: Fetcher;
  /** The embedded server's launcher, which sees addresses and certificates. */
  readonly LOOKOUT?: Fetcher;
  readonly DB: D1Database;
  /** Words of messages. A deployment without it cannot be searched. */
  readonly SEARCH?: D1Database;
  readonly MEDIA: R2Bucket;
  readonly EYRIE_SERVER_NAME?: string;
  readonly EYRIE_REGISTRATION?: string;
  readonly EYRIE_REGISTRATION_SHARED_SECRET?: string;
  readonly EYRIE_ALLOW_PRIVATE_ADDRESSES?: string;
  readonly EYRIE_RATE_LIMITS?: string;
  readonly EYRIE_PASSWORD_COST?: string;
  readonly EYRIE_FRONT_SECRET?: string;
  readonly EYRIE_SECRET?: string;
  readonly EYRIE_BOOTSTRAP_TOKEN?: string;
  readonly EYRIE_JURISDICTION?: string;
  readonly EYRIE_REGION?: string;
  readonly EYRIE_ACCOUNTS_PER_SHARD?: string;
}

/** The deployment's fixed configuration. Runtime settings are in `settings/`. */
export interface Config {
  readonly serverName: ServerName;
  readonly registration: 'closed' | 'open' | 'token' | undefined;
  readonly registrationSharedSecret: string | undefined;
  readonly allowPrivateAddresses: boolean;
  readonly rateLimits: boolean;
  /** log2 of scrypt's N. */
  readonly passwordCost: number;
  /** Set by the embedded server's front: a request without it is not answered. */
  readonly frontSecret: string | undefined;
  /** Wraps secrets at rest (signing key). At least 32 characters. */
  readonly secret: string;
  /** Registers the first administrator, once. */
  readonly bootstrapToken: string | undefined;
  readonly jurisdiction: string | undefined;
  readonly region: string | undefined;
  readonly accountsPerShard: number;
}

const onOff = v.optional(v.picklist(['on', 'off']));

const Variables = v.object({
  EYRIE_SERVER_NAME: v.string(),
  EYRIE_REGISTRATION: v.optional(v.picklist(['closed', 'open', 'token'])),
  EYRIE_REGISTRATION_SHARED_SECRET: v.optional(v.pipe(v.string(), v.nonEmpty())),
  EYRIE_ALLOW_PRIVATE_ADDRESSES: onOff,
  EYRIE_RATE_LIMITS: onOff,
  EYRIE_PASSWORD_COST: v.optional(v.pipe(v.string(), v.transform(Number), v.integer(), v.minValue(10), v.maxValue(17))),
  EYRIE_FRONT_SECRET: v.optional(v.pipe(v.string(), v.nonEmpty())),
  EYRIE_SECRET: v.pipe(v.string(), v.minLength(32)),
  EYRIE_BOOTSTRAP_TOKEN: v.optional(v.pipe(v.string(), v.nonEmpty())),
  EYRIE_JURISDICTION: v.optional(v.picklist(['eu', 'us', 'fedramp'])),
  EYRIE_REGION: v.optional(v.string()),
  EYRIE_ACCOUNTS_PER_SHARD: v.optional(
    v.pipe(v.string(), v.transform(Number), v.integer(), v.minValue(1), v.maxValue(1000)),
  ),
});

/**
 * Reads and checks the environment. Throws an `Error` that names the variable at fault: a deployment that is set up
 * wrongly answers nothing rather than something else than was meant.
 */
export function readConfig(env: Env): Config {
  const parsed = v.safeParse(Variables, env);
  if (!parsed.success) {
    const names = parsed.issues.map((issue) => v.getDotPath(issue) ?? '?').join(', ');
    throw new Error(`Eyrie is not configured: ${names}`);
  }
  const vars = parsed.output;
  const serverName = parseServerName(vars.EYRIE_SERVER_NAME);
  if (!serverName.ok || !isOwnName(serverName.value)) {
    throw new Error('Eyrie is not configured: EYRIE_SERVER_NAME is no host name in lower case (bad-domain)');
  }
  return Object.freeze({
    serverName: serverName.value,
    registration: vars.EYRIE_REGISTRATION,
    registrationSharedSecret: vars.EYRIE_REGISTRATION_SHARED_SECRET,
    allowPrivateAddresses: vars.EYRIE_ALLOW_PRIVATE_ADDRESSES === 'on',
    rateLimits: vars.EYRIE_RATE_LIMITS !== 'off',
    passwordCost: vars.EYRIE_PASSWORD_COST ?? 15,
    frontSecret: vars.EYRIE_FRONT_SECRET,
    secret: vars.EYRIE_SECRET,
    bootstrapToken: vars.EYRIE_BOOTSTRAP_TOKEN,
    jurisdiction: vars.EYRIE_JURISDICTION,
    region: vars.EYRIE_REGION,
    accountsPerShard: vars.EYRIE_ACCOUNTS_PER_SHARD ?? 200,
  });
}
