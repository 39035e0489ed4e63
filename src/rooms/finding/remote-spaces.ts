import type { RoomId, ServerName } from '../../matrix/ids/brands.ts';
import type { RemoteFinding, RemoteHierarchy } from './ports.ts';

/** Servers asked about one room. */
const MAX_SERVERS = 3;

/** Answers that are kept: "cached for a period of time", whoever they are for. */
const MAX_KEPT = 100;
const KEPT_MS = 5 * 60_000;
/** A room that nobody told of is asked for again after this. */
const ABSENT_MS = 30_000;

export interface RemoteSpaces {
  /** What the first of these servers that knows the room tells of it. Cannot fail. */
  find(query: {
    readonly roomId: RoomId;
    readonly servers: readonly ServerName[];
    readonly suggestedOnly: boolean;
  }): Promise<RemoteHierarchy | undefined>;
}

/** Asks other servers for rooms and spaces. What is kept is a memory of this isolate: losing it changes nothing. */
export function remoteSpaces(deps: {
  readonly serverName: ServerName;
  readonly remote: Pick<RemoteFinding, 'hierarchy'>;
  readonly now: () => number;
}): RemoteSpaces {
  // Answers are kept, never their promises: that of a request whose client went away does not end, and others would wait.
  const kept = new Map<string, { readonly answer: RemoteHierarchy | undefined; readonly until: number }>();
  return {
    find: async ({ roomId, servers, suggestedOnly }) => {
      const asked = [...new Set(servers)].filter((server) => server !== deps.serverName).slice(0, MAX_SERVERS);
      // Of another list of servers the answer may be another.
      const key = JSON.stringify([roomId, suggestedOnly, asked]);
      const held = kept.get(key);
      if (held !== undefined && deps.now() < held.until) return held.answer;
      const answer = await ask(deps.remote, asked, { roomId, suggestedOnly });
      kept.delete(key);
      kept.set(key, { answer, until: deps.now() + (answer === undefined ? ABSENT_MS : KEPT_MS) });
      const [oldest] = kept.keys();
      if (kept.size > MAX_KEPT && oldest !== undefined) kept.delete(oldest);
      return answer;
    },
  };
}

async function ask(
  remote: Pick<RemoteFinding, 'hierarchy'>,
  servers: readonly ServerName[],
  query: { readonly roomId: RoomId; readonly suggestedOnly: boolean },
): Promise<RemoteHierarchy | undefined> {
  for (const server of servers) {
    const answer = await remote.hierarchy(server, query);
    if (answer.ok) return answer.value;
  }
  return undefined;
}
