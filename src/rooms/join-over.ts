// One try of a remote join over one server (contracts, section 3). The room keeps each step; whoever asks may vanish.
import { badGateway, incompatibleRoomVersion, MatrixError } from '../matrix/error.ts';
import type { Pdu } from '../matrix/event/pdu.ts';
import { pduFromStored } from '../matrix/event/stored-pdu.ts';
import { userIdServer } from '../matrix/ids/user-id.ts';
import type { RoomId, ServerName, UserId } from '../matrix/ids/brands.ts';
import { canonicalJson } from '../matrix/json/canonical-json.ts';
import { isJsonObject, type JsonObject } from '../matrix/json/json-value.ts';
import { plainJson } from '../matrix/json/plain-json.ts';
import { parseJson } from '../matrix/json/strict-json.ts';
import { allow, deny, type Result } from '../matrix/result.ts';
import type { RoomVersionRules } from '../matrix/room-versions/rules.ts';
import { roomVersionRules, supportedRoomVersions } from '../matrix/room-versions/versions.ts';
import { remoteError } from './invite-user.ts';
import { kindOf, refuseKind, refuseSize } from './room-limits.ts';
import { membershipFromTemplate } from './membership-from-template.ts';
import type { CheckedPdu, RemoteFailure, RoomsDeps, TakeJoinEvents } from './ports.ts';
import { returnedJoin } from './returned-join.ts';

/** How often a join says that it is worked on. Whoever does not say so for 30 s is taken over from. */
const BEAT_MS = 10_000;
/** Keys are waited for this long in all: those of other servers' members, and those of everything else. */
const KEYS_MS = 60_000;
/** Passes over events that came before what they rest on; depths that are honest need one or two. */
const MAX_PASSES = 20;

export type JoinDeps = Pick<
  RoomsDeps,
  'serverName' | 'rooms' | 'remote' | 'pdus' | 'registry' | 'signingKey' | 'roomLimits' | 'now' | 'after' | 'randomId'
>;

export interface JoinTry {
  readonly roomId: RoomId;
  readonly userId: UserId;
  readonly shard: string;
  readonly server: ServerName;
  /** Asked in turn after it. */
  readonly left: readonly ServerName[];
  readonly content: JsonObject;
  /** Of a join that is under way. */
  readonly run?: number;
  /** Of a join that was sent to this server before, or was about to be: the same event goes again. */
  readonly sent?: CheckedPdu & { readonly roomVersion: string };
}

/** The join as it is sent. */
interface Signed {
  readonly rules: RoomVersionRules;
  readonly pdu: Pdu;
  readonly run: number;
}

/** Why this server did not do. */
interface Failure {
  readonly error: MatrixError;
  /** It said no, and knows nothing of the join. */
  readonly isRefused: boolean;
  /** No other server would do. */
  readonly isFinal?: boolean;
}

/**
 * @returns why this server did not do, or no failure when we are in; and the run that the join is in by now. Throws 503
 * where the join was taken over.
 */
export async function joinOver(
  deps: JoinDeps,
  join: JoinTry,
): Promise<{
  readonly failure: MatrixError | undefined;
  readonly isFinal: boolean;
  readonly run: number | undefined;
}> {
  const signed = join.sent === undefined ? await signJoin(deps, join) : signedBefore(join);
  const ended = signed.ok
    ? await worked(deps, join.roomId, signed.value.run, () => send(deps, join, signed.value))
    : signed;
  const run = signed.ok ? signed.value.run : join.run;
  if (ended.ok) return { failure: undefined, isFinal: true, run };
  const { error, isRefused, isFinal = false } = ended.reason;
  const { roomId, server } = join;
  const goesOn = run !== undefined && (await deps.rooms.failJoin({ roomId, run, server, isRefused, isFinal }));
  return { failure: error, isFinal, run: goesOn ? run : undefined };
}

async function signJoin(deps: JoinDeps, join: JoinTry): Promise<Result<Signed, Failure>> {
  const { roomId, userId, shard, server, left, content, run } = join;
  const made = await deps.remote.makeJoin(server, { roomId, userId, versions: supportedRoomVersions });
  if (!made.ok) return deny({ error: remoteError(made.reason, server), isRefused: true });
  const rules = roomVersionRules(made.value.roomVersion);
  if (rules === undefined) {
    const error = incompatibleRoomVersion('This server does not know the version of that room', {
      room_version: made.value.roomVersion,
    });
    return deny({ error, isRefused: true });
  }
  const pdu = await membershipFromTemplate(deps, rules, made.value.event, {
    userId,
    roomId,
    content: { ...content, membership: 'join' },
  });
  if (pdu === undefined) return deny({ error: badGateway(`${server} gave no template of an event`), isRefused: true });
  await deps.registry.add(roomId, rules.id);
  try {
    const started = await deps.rooms.startJoin({
      roomId,
      roomVersion: rules.id,
      userId,
      shard,
      pdu: checked(pdu),
      server,
      left,
      content: plainJson(content),
      ...(run === undefined ? {} : { run }),
    });
    return allow({ rules, pdu, run: started });
  } catch (error) {
    // The server named another version than the room had while we were in it.
    if (!(error instanceof MatrixError) || error.errcode !== 'M_INVALID_PARAM') throw error;
    return deny({ error: badGateway(`${server} gave a wrong version: ${error.message}`), isRefused: true });
  }
}

function signedBefore({ roomId, run, sent }: JoinTry): Result<Signed, Failure> {
  const rules = sent === undefined ? undefined : roomVersionRules(sent.roomVersion);
  const parsed = sent === undefined ? undefined : parseJson(sent.json);
  if (
    sent === undefined ||
    rules === undefined ||
    run === undefined ||
    parsed?.ok !== true ||
    !isJsonObject(parsed.value)
  ) {
    throw new Error('the stored join is no event');
  }
  return allow({ rules, pdu: pduFromStored(rules, roomId, sent.eventId, parsed.value), run });
}

/** Does the work while the room is told that it goes on. */
async function worked<T>(deps: JoinDeps, roomId: RoomId, run: number, work: () => Promise<T>): Promise<T> {
  const life = { isOver: false };
  const beat = async (): Promise<void> => {
    while (!life.isOver) {
      await deps.after(BEAT_MS);
      // One beat that got lost is no reason to stop; the room refuses the events of a run that does not count.
      if (!life.isOver) await deps.rooms.renewJoin({ roomId, run }).catch(() => true);
    }
  };
  void beat();
  try {
    return await work();
  } finally {
    life.isOver = true;
  }
}

async function send(deps: JoinDeps, join: JoinTry, { rules, pdu, run }: Signed): Promise<Result<void, Failure>> {
  const { roomId, server } = join;
  // An invitation, or the server before, may have claimed another.
  await deps.registry.setVersion(roomId, rules.id);
  const limits = await deps.roomLimits();
  const kind = { isPublic: false, isEncrypted: false, joinedMembers: 0 };
  const take = taker(deps, join, { rules, run, kind });
  const sent = await deps.remote.sendJoin(server, { roomId, eventId: pdu.eventId, event: pdu.json }, take);
  if (!sent.ok) return deny({ error: remoteError(sent.reason, server), isRefused: isRefusal(sent.reason) });
  try {
    refuseKind(limits, kind);
    refuseSize(deps.serverName, limits, kind);
  } catch (error) {
    if (!(error instanceof MatrixError)) throw error;
    // The server has let us in: it is told that the user has left.
    return deny({ error, isRefused: false, isFinal: true });
  }
  await settle(deps, roomId, run);
  const ours = await returnedJoin(deps, rules, pdu, sent.value.event);
  if (ours === undefined) {
    return deny({ error: badGateway(`${server} did not sign the join that it answers for`), isRefused: false });
  }
  try {
    await deps.rooms.finishJoin({ roomId, run, pdu: checked(ours) });
    return allow(undefined);
  } catch (error) {
    if (!(error instanceof MatrixError) || error.status !== 502) throw error;
    const why = badGateway(`The state that ${server} gave does not let us in: ${error.message}`);
    return deny({ error: why, isRefused: false });
  }
}

/** A 5xx says nothing of what the server has done, and what was not sent did nothing. */
function isRefusal({ kind, status }: RemoteFailure): boolean {
  return kind !== 'unreachable' && status !== undefined && status >= 400 && status < 500;
}

/**
 * Checks the events of the answer as they come, and gives them to the room. Keys are waited for only so long in all; the
 * members of other servers have a time of their own, so that dead servers do not keep from us what the room rests on.
 */
function taker(
  deps: JoinDeps,
  { roomId, server }: JoinTry,
  { rules, run, kind }: { readonly rules: RoomVersionRules; readonly run: number; readonly kind: Kind },
): TakeJoinEvents {
  const leftMs = { members: KEYS_MS, others: KEYS_MS };
  const known = new Set<string>([server, deps.serverName]);
  return async (part, events) => {
    if (part === 'state') note(kind, events);
    const isOfMembers = (event: JsonObject) => part === 'state' && isMemberOf(event, known) === false;
    for (const group of ['others', 'members'] as const) {
      const some = events.filter((event) => isOfMembers(event) === (group === 'members'));
      if (some.length === 0) continue;
      const began = deps.now();
      const sorted = await deps.pdus.sort(rules, some, deps.after(leftMs[group]));
      leftMs[group] = Math.max(0, leftMs[group] - (deps.now() - began));
      const taken = [
        ...sorted.checked.map((pdu) => ({ pdu, unverified: {} })),
        ...sorted.unverified.map((lacking) => ({ pdu: lacking.pdu, unverified: { unverified: lacking.server } })),
      ]
        .filter(({ pdu }) => pdu.roomId === roomId && pdu.stateKey !== undefined)
        .map(({ pdu, unverified }) => ({ ...checked(pdu), ...unverified }));
      await deps.rooms.takeJoinEvents({ roomId, run, isState: part === 'state', events: taken });
    }
  };
}

/** What kind of room it is, as it is learnt. */
interface Kind {
  isPublic: boolean;
  isEncrypted: boolean;
  joinedMembers: number;
}

function note(kind: Kind, state: readonly JsonObject[]): void {
  const { isPublic, isEncrypted } = kindOf(state);
  kind.isPublic ||= isPublic;
  kind.isEncrypted ||= isEncrypted;
  kind.joinedMembers += state.filter(isJoined).length;
}

const isJoined = ({ type, content }: JsonObject) =>
  type === 'm.room.member' && isJsonObject(content) && content['membership'] === 'join';

/** Whether a membership is of one of these servers; `undefined` for what is none. */
function isMemberOf(event: JsonObject, servers: ReadonlySet<string>): boolean | undefined {
  const { type, sender } = event;
  if (type !== 'm.room.member' || typeof sender !== 'string') return undefined;
  return servers.has(userIdServer(sender as UserId));
}

/** Has the room store what came before the events that it rests on. */
async function settle(deps: JoinDeps, roomId: RoomId, run: number): Promise<void> {
  for (let pass = 0; pass < MAX_PASSES; pass += 1) {
    let offset: number | undefined = 0;
    let stored = 0;
    while (offset !== undefined) {
      const settled: { readonly offset: number | undefined; readonly stored: number } = await deps.rooms.settleJoin({
        roomId,
        run,
        offset,
      });
      offset = settled.offset;
      stored += settled.stored;
    }
    if (stored === 0) return;
  }
}

const checked = (pdu: Pdu): CheckedPdu => ({ eventId: pdu.eventId, json: canonicalJson(pdu.json) });
