// Keys and clock (Server-Server API, "Publishing Keys")
import type { ServerName } from '../../matrix/ids/brands.ts';
import { isJsonObject, type JsonObject } from '../../matrix/json/json-value.ts';
import { allow, deny } from '../../matrix/result.ts';
import { parseAnswer, type FederationClient, type FederationResult } from '../client.ts';
import { describeFailure } from '../failure.ts';
import { readServerKeys } from '../server-keys.ts';
import type { DiagnoseDeps } from './ports.ts';
import { failed, notExercised, ok, warning, type Finding, type Steps } from './step.ts';

/** What these steps look at, in their order. */
export const KEY_STEPS = {
  keys: 'keys of this name, signed with one of them, that stay valid for an hour at least',
  clock: 'a clock that is at most a minute away from ours',
} as const;

const TIMEOUT_MS = 10_000;
const MAX_BYTES = 262_144;
const MIN_VALID_MS = 3_600_000;
const MAX_SKEW_MS = 60_000;

export async function keySteps(deps: DiagnoseDeps, steps: Steps, server: ServerName): Promise<void> {
  const begun = deps.now();
  let answer: FederationResult<KeyAnswer> | undefined;
  let answered = begun;
  await steps.take('keys', KEY_STEPS.keys, async () => {
    answer = await askForKeys(deps.client, server);
    answered = (begun + deps.now()) / 2;
    return keysOf(deps, server, answer);
  });
  await steps.take('clock', KEY_STEPS.clock, () =>
    answer === undefined ? notExercised('No time was told.') : clockOf(answer, answered),
  );
}

interface KeyAnswer {
  readonly json: JsonObject;
  /** What the header says. */
  readonly date: string | null;
}

function askForKeys(
  client: Pick<FederationClient, 'requestStream'>,
  server: ServerName,
): Promise<FederationResult<KeyAnswer>> {
  const target = '/_matrix/key/v2/server';
  const request = { destination: server, method: 'GET', target, timeoutMs: TIMEOUT_MS, maxBytes: MAX_BYTES } as const;
  return client.requestStream({ ...request, isUnsigned: true, streamMs: TIMEOUT_MS }, async (chunks, headers) => {
    const parts: Uint8Array[] = [];
    for await (const chunk of chunks) parts.push(chunk);
    const parsed = parseAnswer(new Uint8Array(await new Blob(parts).arrayBuffer()));
    if (!parsed.ok) return parsed;
    if (!isJsonObject(parsed.value)) return deny({ kind: 'garbage', reason: 'the answer is not a JSON object' });
    return allow({ json: parsed.value, date: headers.get('date') });
  });
}

async function keysOf(deps: DiagnoseDeps, server: ServerName, answer: FederationResult<KeyAnswer>): Promise<Finding> {
  const advice = 'Nobody can check what the server signs: see that /_matrix/key/v2/server is served by the homeserver.';
  if (!answer.ok) return failed(describeFailure(answer.reason), advice);
  const now = deps.now();
  const keys = readServerKeys(answer.value.json, server, now);
  if (!keys.ok) return failed(keys.reason, advice);
  const current = keys.value.filter(({ validUntil }) => validUntil > now);
  const seen = current
    .map(({ keyId, validUntil }) => `${keyId} until ${new Date(validUntil).toISOString()}`)
    .join(', ');
  if (current.length === 0) return failed('all keys have expired', 'Correct the clock of the server, or its keys.');
  if (server === deps.serverName) {
    const { current: own } = await deps.ownKeys.published();
    const isOurs = own.some(({ publicKey }) => keys.value.some((key) => key.publicKey === publicKey));
    if (!isOurs) return failed(`keys of another server: ${seen}`, 'Another homeserver answers for this name.');
  }
  return current.every(({ validUntil }) => validUntil - now < MIN_VALID_MS)
    ? warning(seen, 'Servers that ask rarely will not accept what is signed later.')
    : ok(seen);
}

function clockOf(answer: FederationResult<KeyAnswer>, askedAt: number): Finding {
  const told = answer.ok ? Date.parse(answer.value.date ?? '') : Number.NaN;
  if (Number.isNaN(told)) return notExercised('No time was told.');
  // The header counts whole seconds.
  const skew = Math.round((told + 500 - askedAt) / 1_000);
  const seen = skew === 0 ? 'the same time as here' : `${Math.abs(skew)} s ${skew < 0 ? 'behind' : 'ahead of'} ours`;
  return Math.abs(skew) * 1_000 > MAX_SKEW_MS
    ? warning(seen, 'Let both servers set their clocks over the network.')
    : ok(seen);
}
