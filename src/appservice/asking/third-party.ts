import { notFound } from '../../matrix/error.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../../matrix/json/json-value.ts';
import { plainJson } from '../../matrix/json/plain-json.ts';
import { parseJson } from '../../matrix/json/strict-json.ts';
import type { Appservice } from '../appservices.ts';
import { hasUrl, type AskingDeps } from './ports.ts';

type Deps = Pick<AskingDeps, 'appservices' | 'ask' | 'memory' | 'now'>;
type Kind = 'location' | 'user';

const TIMEOUT_MS = 10_000;
/** Entries of an answer that are passed on. */
const MAX_ENTRIES = 1_000;
/** What is known of a protocol is passed on for so long; that nothing is, for so long. */
const KEPT_MS = 60_000;
const MISSING_MS = 10_000;

/** Everything about the protocols that application services bridge, by name. Source: "Third-party Lookup". */
export async function protocols(deps: Deps): Promise<JsonObject> {
  const all = (await deps.appservices.all()).filter(hasUrl);
  const names = [...new Set(all.flatMap(({ registration }) => registration.protocols))].toSorted();
  const found = await Promise.all(names.map(async (name) => [name, await metadata(deps, all, name)] as const));
  return Object.fromEntries(found.filter((entry): entry is [string, JsonObject] => entry[1] !== undefined));
}

/** Throws `M_NOT_FOUND`. */
export async function protocol(deps: Deps, name: string): Promise<JsonObject> {
  const found = await metadata(deps, (await deps.appservices.all()).filter(hasUrl), name);
  if (found === undefined) throw notFound('There is no such protocol');
  return found;
}

/** Rooms or users on our side, by what they are called in the other network. Throws `M_NOT_FOUND`. */
export async function lookUp(deps: Deps, kind: Kind, name: string, fields: URLSearchParams): Promise<JsonValue> {
  const all = (await deps.appservices.all()).filter((one) => hasUrl(one) && one.registration.protocols.includes(name));
  const query = fields.size === 0 ? '' : `?${fields.toString()}`;
  return entriesOf(deps, all, kind, `/${encodeURIComponent(name)}${query}`);
}

/** What a room or a user of ours is called in other networks. Throws `M_NOT_FOUND`. */
export async function lookUpReverse(deps: Deps, kind: Kind, id: string): Promise<JsonValue> {
  const all = (await deps.appservices.all()).filter((one) => hasUrl(one) && one.registration.protocols.length > 0);
  const query = new URLSearchParams(kind === 'location' ? { alias: id } : { userid: id });
  return entriesOf(deps, all, kind, `?${query.toString()}`);
}

/** The first answer, with the instances of all: of one protocol there may be several bridges. */
async function metadata(deps: Deps, all: readonly Appservice[], name: string): Promise<JsonObject | undefined> {
  const bridging = all.filter(({ registration }) => registration.protocols.includes(name));
  const answers = await Promise.all(
    bridging.map(async (appservice) => {
      const answer = await metadataOf(deps, appservice, name);
      return answer === undefined ? undefined : { answer, id: appservice.id };
    }),
  );
  const given = answers.filter((answer) => answer !== undefined);
  const [first] = given;
  if (first === undefined) return undefined;
  const instances = given.flatMap(({ answer, id }) => instancesOf(answer, id));
  return { ...first.answer, instances };
}

async function metadataOf(deps: Deps, appservice: Appservice, name: string): Promise<JsonObject | undefined> {
  const { memory, now } = deps;
  const key = `${appservice.id} ${appservice.registration.url ?? ''} ${name}`;
  const held = memory.protocols.get(key, now());
  if (held !== undefined) return held.value;
  const answer = await ask(deps, appservice, `/protocol/${encodeURIComponent(name)}`);
  const value = isJsonObject(answer) ? answer : undefined;
  memory.protocols.put(key, value, now() + (value === undefined ? MISSING_MS : KEPT_MS));
  return value;
}

function instancesOf(answer: JsonObject, appserviceId: string): readonly JsonObject[] {
  const { instances } = answer;
  const listed = Array.isArray(instances) ? instances.filter(isJsonObject) : [];
  return listed
    .slice(0, MAX_ENTRIES)
    .map((instance, at) => ({ ...instance, instance_id: `${appserviceId}|${networkOf(instance) ?? String(at)}` }));
}

const networkOf = ({ network_id: network }: JsonObject): string | undefined =>
  typeof network === 'string' ? network : undefined;

async function entriesOf(deps: Deps, all: readonly Appservice[], kind: Kind, rest: string): Promise<JsonValue> {
  const id = kind === 'location' ? 'alias' : 'userid';
  const answers = await Promise.all(all.map((appservice) => ask(deps, appservice, `/${kind}${rest}`)));
  const entries = answers
    .flatMap((answer) => (Array.isArray(answer) ? answer.filter(isJsonObject) : []))
    .filter((entry) => typeof entry[id] === 'string' && typeof entry['protocol'] === 'string')
    .slice(0, MAX_ENTRIES);
  if (entries.length === 0) throw notFound('Nothing was found');
  return entries;
}

/** `undefined`: it did not answer, or not with JSON. */
async function ask(deps: Deps, appservice: Appservice, rest: string): Promise<JsonValue | undefined> {
  const path = `/thirdparty${rest}`;
  const legacyPath = `/_matrix/app/unstable${path}`;
  const answer = await deps.ask(appservice, { method: 'GET', path, legacyPath, timeoutMs: TIMEOUT_MS });
  if (answer.kind !== 'answered' || answer.status !== 200) return undefined;
  const parsed = parseJson(answer.body);
  return parsed.ok ? plainJson(parsed.value) : undefined;
}
