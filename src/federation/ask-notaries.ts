import type { VerifyKey } from '../matrix/crypto/ed25519.ts';
import { verifyJson } from '../matrix/crypto/signed-json.ts';
import type { ServerName } from '../matrix/ids/brands.ts';
import { isJsonObject, type JsonObject } from '../matrix/json/json-value.ts';
import type { FederationClient } from './client.ts';
import { queryServerKeys } from './operations/query-server-keys.ts';
import { readServerKeys, type RemoteKey } from './server-keys.ts';

/** How many signatures of a notary on one answer are looked at. */
const MAX_SIGNATURES = 5;

/**
 * Asks other servers for the keys of one that cannot be asked itself. Cannot fail: none is an empty list.
 * @param keyId the key that is wanted, where it is known which.
 */
export type AskNotaries = (server: ServerName, keyId?: string) => Promise<readonly RemoteKey[]>;

export interface AskNotariesDeps {
  readonly client: Pick<FederationClient, 'request'>;
  /** The servers that an administrator trusts to tell the keys of others. */
  readonly notaries: () => Promise<readonly ServerName[]>;
  /** A key of a notary. */
  readonly keyFor: (
    notary: ServerName,
    keyId: string,
    validAt: number,
  ) => Promise<VerifyKey | 'unknown' | 'unavailable'>;
  readonly now: () => number;
}

/**
 * An answer counts if the notary signed it and it is what the server itself would say: its name, and signed with one of
 * the keys that it lists. The keys of a notary itself come from nobody else.
 * Source: Server-Server API, "Querying Keys Through Another Server".
 */
export function askNotaries(deps: AskNotariesDeps): AskNotaries {
  return async (server, keyId) => {
    const notaries = await deps.notaries().catch((): readonly ServerName[] => []);
    if (notaries.includes(server)) return [];
    const found = await Promise.all(notaries.map((notary) => askNotary(deps, notary, server, keyId)));
    return found.flat();
  };
}

async function askNotary(
  deps: AskNotariesDeps,
  notary: ServerName,
  server: ServerName,
  keyId: string | undefined,
): Promise<readonly RemoteKey[]> {
  const keys: RemoteKey[] = [];
  for (const answer of await answersOf(deps, notary, server, keyId)) {
    const read = readServerKeys(answer, server, deps.now());
    if (read.ok && (await isSignedBy(deps, notary, answer))) keys.push(...read.value);
  }
  return keys;
}

/** Asked for all keys, a Synapse tells what it has; only for one that it lacks, it asks the server. */
async function answersOf(
  { client }: AskNotariesDeps,
  notary: ServerName,
  server: ServerName,
  keyId: string | undefined,
): Promise<readonly JsonObject[]> {
  const answers = await queryServerKeys(client, { destination: notary, server });
  if (!answers.ok || answers.value.length > 0 || keyId === undefined) return answers.ok ? answers.value : [];
  const asked = await queryServerKeys(client, { destination: notary, server, keyId });
  return asked.ok ? asked.value : [];
}

async function isSignedBy(deps: AskNotariesDeps, notary: ServerName, answer: JsonObject): Promise<boolean> {
  const signatures = answer['signatures'];
  const own = isJsonObject(signatures) ? signatures[notary] : undefined;
  for (const keyId of Object.keys(isJsonObject(own) ? own : {}).slice(0, MAX_SIGNATURES)) {
    const key = await deps.keyFor(notary, keyId, deps.now());
    if (typeof key !== 'string' && verifyJson(answer, notary, keyId, key)) return true;
  }
  return false;
}
