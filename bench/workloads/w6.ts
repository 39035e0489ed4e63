import { buildXMatrix } from '../../src/matrix/crypto/x-matrix.ts';
import { buildPdu } from '../../src/matrix/event/build.ts';
import type { EventId, RoomId, ServerName, UserId } from '../../src/matrix/ids/brands.ts';
import type { JsonObject } from '../../src/matrix/json/json-value.ts';
import type { Homeserver } from '../../test/support/node/homeserver.ts';
import { StubNetwork } from '../../test/support/node/stub/stub-network.ts';
import type { StubRoom } from '../../test/support/node/stub/stub-room.ts';
import type { TestServer } from '../../test/support/core/test-keys.ts';
import { load } from '../harness/machine.ts';
import { growthDuring } from '../harness/memory.ts';
import { type Kind, Servers } from '../harness/servers.ts';
import { timedRequest, type TimedAnswer } from '../harness/timed-request.ts';
import { median, ratio, withSpread } from '../harness/statistics.ts';
import { enterStubRoom } from '../harness/stub-site.ts';
import { type Progress, type RunOptions, type Section, table, verdict } from '../harness/workload.ts';

const SERVERS = 20;
const TARGET_RATIO = 15;
const KINDS = ['eyrie', 'synapse'] as const;
const federation = '/_matrix/federation';

interface Variant {
  readonly name: string;
  readonly query: string;
  readonly target: number;
}

const variants: readonly Variant[] = [
  { name: 'full', query: '', target: 150 },
  { name: 'omit_members', query: '?omit_members=true', target: 10 },
];

interface Site {
  readonly kind: Kind;
  readonly server: Homeserver;
  readonly room: StubRoom;
  readonly ca: string;
  readonly answers: Map<string, TimedAnswer[]>;
  readonly growthMib: Map<string, number>;
  joins: number;
}

/** Workload W6: other servers join over ours, which is in a room of many members. One join at a time. */
export async function run(options: RunOptions, progress: Progress): Promise<Section> {
  const members = options.quick ? 1000 : 10_000;
  const joins = options.quick ? 4 : 20;
  const servers = await Servers.open(options.baseline);
  const network = await StubNetwork.open(SERVERS, servers.authority);
  try {
    const sites: Site[] = [];
    for (const kind of KINDS) {
      const server = await servers.start(kind);
      const user = await servers.user(server, 'resident');
      const room = await enterStubRoom(user, network, members);
      const ca = servers.authority.caPem;
      sites.push({ kind, server, room, ca, answers: new Map(), growthMib: new Map(), joins: 0 });
      progress(`W6 ${kind}: is in the room`);
    }
    const isPinned = servers.pin();
    for (const variant of variants) {
      for (const site of sites) await serve(site, variant, members);
      for (const site of sites) site.answers.clear();
    }
    for (const variant of variants) {
      // ABBA, five joins at a time
      for (let block = 0; block < 4; block += 1) {
        for (const site of block % 2 === 0 ? sites : sites.toReversed()) {
          const { mib } = await growthDuring(site.server, async () => {
            for (let join = 0; join < joins / 4; join += 1) await serve(site, variant, members);
          });
          site.growthMib.set(variant.name, Math.max(mib, site.growthMib.get(variant.name) ?? 0));
          const last = site.answers.get(variant.name)?.at(-1);
          progress(`W6 ${variant.name}, ${site.kind}: ${last?.lastByteMs.toFixed(0)} ms, load ${load()}`);
        }
      }
    }
    return report(sites, { members, joins, isPinned });
  } finally {
    await servers.close();
    await network.close();
  }
}

/** One join by a new user of one of the stub servers. Correctness gate: the answer holds the members, or leaves them out. */
async function serve(site: Site, variant: Variant, members: number): Promise<void> {
  const { room } = site;
  site.joins += 1;
  const origin = room.servers[site.joins % room.servers.length];
  if (origin === undefined) throw new Error('there is no server');
  const userId = `@late${site.joins}:${origin.name}` as UserId;
  const names = [room.roomId, userId].map(encodeURIComponent).join('/');
  const made = await ask(site, origin, 'GET', `${federation}/v1/make_join/${names}?ver=${room.rules.id}`);
  const { event: template } = JSON.parse(made.text) as { event: JsonObject };
  const join = signed(room, origin, userId, template);
  const path = [room.roomId, join.eventId].map(encodeURIComponent).join('/');
  const answer = await ask(site, origin, 'PUT', `${federation}/v2/send_join/${path}${variant.query}`, join.json);
  const { state } = JSON.parse(answer.text) as { state: unknown[] };
  if (variant.query === '' ? state.length < members : state.length > 50) {
    throw new Error(`${site.kind}: ${state.length} events of state`);
  }
  site.answers.set(variant.name, [...(site.answers.get(variant.name) ?? []), answer]);
}

async function ask(
  { server, ca, kind }: Site,
  origin: TestServer,
  method: string,
  target: string,
  content?: JsonObject,
): Promise<TimedAnswer> {
  const destination = server.serverName as ServerName;
  const authorization = buildXMatrix(
    { method, uri: target, origin: origin.name, destination, content },
    origin.signingKey,
  );
  const body = content === undefined ? undefined : JSON.stringify(content);
  const answer = await timedRequest({ url: `https://${server.serverName}${target}`, method, ca, authorization, body });
  if (answer.status !== 200)
    throw new Error(`${kind}: ${method} ${target}: ${answer.status} ${answer.text.slice(0, 300)}`);
  return answer;
}

function signed(room: StubRoom, origin: TestServer, userId: UserId, template: JsonObject) {
  const pdu = buildPdu(
    room.rules,
    {
      roomId: template['room_id'] as RoomId,
      type: 'm.room.member',
      sender: userId,
      stateKey: userId,
      content: { membership: 'join' },
      prevEvents: template['prev_events'] as EventId[],
      authEvents: template['auth_events'] as EventId[],
      depth: Number(template['depth']),
      originServerTs: Date.now(),
    },
    origin.name,
    origin.signingKey,
  );
  if (!pdu.ok) throw new Error(pdu.reason.kind);
  return pdu.value;
}

function report(
  sites: readonly Site[],
  { members, joins, isPinned }: { members: number; joins: number; isPinned: boolean },
): Section {
  const of = (kind: Kind, variant: Variant, pick: (answer: TimedAnswer) => number) =>
    (sites.find((site) => site.kind === kind)?.answers.get(variant.name) ?? []).map(pick);
  const rows = variants.flatMap((variant) =>
    sites.map(({ kind, growthMib }) => [
      variant.name,
      kind,
      withSpread(of(kind, variant, ({ firstByteMs }) => firstByteMs)),
      withSpread(of(kind, variant, ({ lastByteMs }) => lastByteMs)),
      (median(of(kind, variant, ({ text }) => text.length)) / 1e6).toFixed(2),
      (growthMib.get(variant.name) ?? Number.NaN).toFixed(0),
    ]),
  );
  const verdicts = variants.map((variant) => {
    const [ours, theirs] = KINDS.map((kind) => median(of(kind, variant, ({ lastByteMs }) => lastByteMs)));
    if (ours === undefined || theirs === undefined) throw new Error('nothing was measured');
    return `- ${variant.name}: last byte within ${variant.target} ms: ${ours.toFixed(1)}, ${verdict(ours <= variant.target)}; at least ${TARGET_RATIO} times as fast as Synapse: ${ratio(theirs, ours)}, ${verdict(theirs >= TARGET_RATIO * ours)}.`;
  });
  const lines = [
    `Users of ${SERVERS} stub servers join over a server that is in a room of ${members} members. ${joins} joins a variant, one at a time, five of each server in turn (ABBA); medians, least and most in brackets; from the start of the \`send_join\` on a fresh connection. Growth: the largest resident set during five joins minus the one before. TLS, SQLite on both. ${isPinned ? 'Servers on processor 0, generator on processor 1.' : 'Not pinned to processors.'}`,
    '',
    ...table(['answer', 'server', 'first byte, ms', 'last byte, ms', 'MB', 'growth, MiB'], rows),
    '',
    ...verdicts,
  ];
  return { title: 'W6 serving send_join', lines };
}
