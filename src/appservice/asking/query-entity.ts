import { noAnswerInTime } from '../../matrix/error.ts';
import type { RoomAlias, UserId } from '../../matrix/ids/brands.ts';
import type { Appservice } from '../appservices.ts';
import { hasUrl, type AskingDeps } from './ports.ts';

const TRIES = 3;
/** Whoever waits for the answer waits for all tries. */
const TIMEOUT_MS = 5_000;
const BETWEEN_MS = 300;
/** Whoever asks for one that is not there is not asked again before this. */
const MISSING_MS = 10_000;
/** Other servers may ask for any name of a namespace: more at a time are not passed on. */
const MAX_UNDER_WAY = 32;

/**
 * Asks those in whose namespace an unknown user is whether they make it. @returns whether one has, as it says. Throws 408
 * where one does not answer. Source: Application Service API, "Querying".
 */
export function queryUser(deps: AskingDeps, userId: UserId): Promise<boolean> {
  return queryEntity(deps, 'users', userId, (appservice) => appservice.ownsUser(userId));
}

/** The same, of an alias that names no room. */
export function queryAlias(deps: AskingDeps, alias: RoomAlias): Promise<boolean> {
  return queryEntity(deps, 'rooms', alias, (appservice) => appservice.ownsAlias(alias));
}

async function queryEntity(
  deps: AskingDeps,
  kind: 'users' | 'rooms',
  name: string,
  owns: (appservice: Appservice) => boolean,
): Promise<boolean> {
  let isMissing = true;
  for (const appservice of await deps.appservices.all()) {
    if (!hasUrl(appservice) || appservice.id === deps.acting() || !owns(appservice)) continue;
    const answer = await queryBounded(deps, appservice, `/${kind}/${encodeURIComponent(name)}`);
    if (answer === 'made') return true;
    if (answer === 'silent') isMissing = false;
  }
  if (!isMissing) throw noAnswerInTime('The application service that this belongs to does not answer');
  return false;
}

/** {@link queryOne}, unless that is known, or too much is asked at a time. */
async function queryBounded(deps: AskingDeps, appservice: Appservice, path: string): ReturnType<typeof queryOne> {
  const { memory, now } = deps;
  const { id, registration } = appservice;
  const key = `${id} ${registration.url ?? ''} ${path}`;
  if (memory.missing.get(key, now()) !== undefined) return 'no';
  const underWay = memory.underWay.get(id) ?? 0;
  if (underWay >= MAX_UNDER_WAY) return 'silent';
  memory.underWay.set(id, underWay + 1);
  try {
    const answer = await queryOne(deps, appservice, path);
    if (answer === 'no') memory.missing.put(key, true, now() + MISSING_MS);
    return answer;
  } finally {
    memory.underWay.set(id, (memory.underWay.get(id) ?? 1) - 1);
  }
}

async function queryOne(deps: AskingDeps, appservice: Appservice, path: string): Promise<'made' | 'no' | 'silent'> {
  for (let tried = 1; ; tried += 1) {
    const answer = await deps.ask(appservice, { method: 'GET', path, legacyPath: path, timeoutMs: TIMEOUT_MS });
    if (answer.kind === 'answered' && answer.status < 500) return answer.status === 200 ? 'made' : 'no';
    if (tried === TRIES) return 'silent';
    await deps.after(BETWEEN_MS * tried);
  }
}
