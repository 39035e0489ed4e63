import type { ServerName, UserId } from '../matrix/ids/brands.ts';
import { userIdServer } from '../matrix/ids/user-id.ts';
import type { FederationClient } from './client.ts';
import { describeFailure, type FederationFailure } from './failure.ts';
import { getVersion } from './operations/get-version.ts';
import { queryProfile } from './operations/query-profile.ts';
import { policyRefusal, type FederationPolicy } from './policy.ts';

/** Connections at a time, which the platform limits to so many. */
const PARALLEL = 6;

export interface CheckedUser {
  readonly result: 'ok' | 'policy-denied' | 'connection-failed' | 'user-not-found' | 'undisclosed';
  /** A sentence of what was seen, where it is not `ok`. */
  readonly error?: string;
  readonly displayname?: string;
  readonly avatar_url?: string;
  readonly elapsedMs: number;
}

type Verdict = Omit<CheckedUser, 'elapsedMs'>;

export interface CheckUsersDeps {
  readonly serverName: ServerName;
  readonly client: Pick<FederationClient, 'request'>;
  readonly policy: () => Promise<FederationPolicy>;
  /** Of a user of this server; `undefined`: there is none. */
  readonly localProfile: (
    userId: UserId,
  ) => Promise<{ readonly displayname?: string; readonly avatar_url?: string } | undefined>;
  /** Until a server answers at all, and with the profile; where who asks names none. */
  readonly timeouts: () => Promise<CheckTimeouts>;
  readonly now: () => number;
}

/** Milliseconds. */
export interface CheckTimeouts {
  readonly networkMs: number;
  readonly userMs: number;
}

/**
 * Whether users can be written to: first whether our settings let us talk to their server, then whether it is there, then
 * whether it knows them. A server is asked once whether it is there, and where it is not nothing else is asked of it.
 * @param keptOut servers that the ACL of the room in question keeps out: these are not asked.
 */
export async function checkUsers(
  deps: CheckUsersDeps,
  userIds: readonly UserId[],
  asked: { readonly [Key in keyof CheckTimeouts]?: number | undefined } = {},
  keptOut: ReadonlySet<ServerName> = new Set(),
): Promise<ReadonlyMap<UserId, CheckedUser>> {
  const checked = new Map<UserId, CheckedUser>();
  const [policy, usual] = await Promise.all([deps.policy(), deps.timeouts()]);
  const timeouts = { networkMs: asked.networkMs ?? usual.networkMs, userMs: asked.userMs ?? usual.userMs };
  const reached = new Map<ServerName, Promise<Verdict | undefined>>();

  const reach = (server: ServerName) => {
    const known = reached.get(server) ?? askServer(deps, { policy, keptOut }, server, timeouts.networkMs);
    reached.set(server, known);
    return known;
  };
  const check = async (userId: UserId): Promise<Verdict> => {
    const server = userIdServer(userId);
    if (server === deps.serverName) {
      const profile = await deps.localProfile(userId);
      return profile === undefined ? { result: 'user-not-found', error: 'There is no such user here' } : found(profile);
    }
    return (await reach(server)) ?? (await askForUser(deps, server, userId, timeouts.userMs));
  };

  const queue = [...new Set(userIds)].toReversed();
  const work = async () => {
    for (let userId = queue.pop(); userId !== undefined; userId = queue.pop()) {
      const begun = deps.now();
      const verdict = await check(userId);
      checked.set(userId, { ...verdict, elapsedMs: deps.now() - begun });
    }
  };
  await Promise.all(Array.from({ length: PARALLEL }, work));
  return checked;
}

/** @returns why the users of the server cannot be written to, or `undefined`. */
async function askServer(
  { client }: CheckUsersDeps,
  { policy, keptOut }: { readonly policy: FederationPolicy; readonly keptOut: ReadonlySet<ServerName> },
  server: ServerName,
  timeoutMs: number,
): Promise<Verdict | undefined> {
  const refusal = policyRefusal(policy, server);
  if (refusal !== undefined) return failed('policy-denied', { kind: 'denied', by: refusal });
  if (keptOut.has(server)) return { result: 'policy-denied', error: 'the ACL of the room keeps the server out' };
  const answer = await getVersion(client, { destination: server, timeoutMs });
  return answer.ok ? undefined : failed(kindOf(answer.reason), answer.reason);
}

async function askForUser(
  { client }: CheckUsersDeps,
  destination: ServerName,
  userId: UserId,
  timeoutMs: number,
): Promise<Verdict> {
  const answer = await queryProfile(client, { destination, userId, timeoutMs });
  if (answer.ok) return found(answer.value);
  const failure = answer.reason;
  if (failure.kind === 'refused' && failure.status === 404 && failure.errcode === 'M_NOT_FOUND') {
    return failed('user-not-found', failure);
  }
  // Who hides profiles may still take an invite.
  if (failure.kind === 'refused' && failure.status === 403) return failed('undisclosed', failure);
  return failed(kindOf(failure), failure);
}

const kindOf = ({ kind }: FederationFailure) => (kind === 'denied' ? 'policy-denied' : 'connection-failed');

const failed = (result: Verdict['result'], failure: FederationFailure): Verdict => ({
  result,
  error: describeFailure(failure),
});

function found(profile: { readonly displayname?: unknown; readonly avatar_url?: unknown }): Verdict {
  const { displayname, avatar_url: avatarUrl } = profile;
  return {
    result: 'ok',
    ...(typeof displayname === 'string' ? { displayname } : {}),
    ...(typeof avatarUrl === 'string' ? { avatar_url: avatarUrl } : {}),
  };
}
