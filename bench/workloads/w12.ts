import { createHash, randomBytes } from 'node:crypto';

import type { Homeserver } from '../../test/support/node/homeserver.ts';
import type { MatrixClient } from '../../test/support/node/matrix-client.ts';
import { load } from '../harness/machine.ts';
import { peakMemory, residentMemory, type ResidentMemory } from '../harness/resident-memory.ts';
import { type Kind, kindsOf, Servers } from '../harness/servers.ts';
import { median, ratio, withSpread } from '../harness/statistics.ts';
import { type Progress, type RunOptions, type Section, table, verdict } from '../harness/workload.ts';

const SIZE = 50_000_000;
const AT_ONCE = 20;
const TARGET_UP_MS = 1_200;
const TARGET_DOWN_MS = 150;
const TARGET_GROWTH_MB = 400;
const SETTLE_MS = 30_000;

/** Two servers of a kind that federate, each with a user. */
interface Site {
  readonly kind: Kind;
  readonly server: Homeserver;
  readonly owner: MatrixClient;
  readonly far: MatrixClient;
}

interface Times {
  readonly up: number;
  readonly down: number;
  readonly remote: number;
}

interface Burst {
  readonly seconds: number;
  readonly before: ResidentMemory;
  readonly peak: ResidentMemory;
  /** of a second burst */
  readonly peakAgain: ResidentMemory;
  /** half a minute after both */
  readonly after: ResidentMemory;
}

/**
 * The files of workload W12: 50 MB up, down, and to a user of another server, of which each repetition takes a new file;
 * then 20 uploads of 50 MB at once, twice. What comes down is compared with what went up.
 */
export async function run(options: RunOptions, progress: Progress): Promise<Section> {
  const repetitions = options.quick ? 2 : 10;
  const servers = await Servers.open(options.baseline);
  try {
    const kinds = kindsOf(options);
    const sites: Site[] = [];
    for (const kind of kinds) sites.push(await openSite(servers, kind));
    const isPinned = servers.pin();
    const measured = new Map<Kind, Times[]>();
    for (let repetition = 0; repetition <= repetitions; repetition += 1) {
      for (const site of repetition % 2 === 0 ? sites : sites.toReversed()) {
        const times = await transfer(site);
        // The first warms up.
        if (repetition > 0) measured.set(site.kind, [...(measured.get(site.kind) ?? []), times]);
        progress(`W12 ${site.kind}: up ${times.up.toFixed(0)} ms, down ${times.down.toFixed(0)} ms, load ${load()}`);
      }
    }
    const bursts = new Map<Kind, Burst>();
    for (const site of sites) {
      bursts.set(site.kind, await burst(site));
      progress(`W12 ${site.kind}: ${AT_ONCE} at once in ${bursts.get(site.kind)?.seconds.toFixed(1)} s`);
    }
    return report(kinds, measured, bursts, { repetitions, isPinned });
  } finally {
    await servers.close();
  }
}

async function openSite(servers: Servers, kind: Kind): Promise<Site> {
  const [server, other] = [await servers.start(kind), await servers.start(kind)];
  return { kind, server, owner: await servers.user(server, 'owner'), far: await servers.user(other, 'far') };
}

async function transfer({ owner, far }: Site): Promise<Times> {
  const content = randomBytes(SIZE);
  let start = performance.now();
  const uri = await upload(owner, content);
  const up = performance.now() - start;
  start = performance.now();
  const came = await download(owner, uri);
  const down = performance.now() - start;
  start = performance.now();
  const cameFar = await download(far, uri);
  const remote = performance.now() - start;
  for (const bytes of [came, cameFar]) {
    if (digest(bytes) !== digest(content)) throw new Error('another file came than was sent');
  }
  return { up, down, remote };
}

async function burst({ server, owner }: Site): Promise<Burst> {
  const content = randomBytes(SIZE);
  const all = () => Promise.all(Array.from({ length: AT_ONCE }, () => upload(owner, content)));
  const before = residentMemory(server);
  const start = performance.now();
  const peak = await peakMemory(server, all);
  const seconds = (performance.now() - start) / 1000;
  const peakAgain = await peakMemory(server, all);
  await new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
  return { seconds, before, peak, peakAgain, after: residentMemory(server) };
}

async function upload(client: MatrixClient, content: Uint8Array): Promise<string> {
  return (await client.request<{ content_uri: string }>('POST', '/_matrix/media/v3/upload', content)).content_uri;
}

async function download(client: MatrixClient, uri: string): Promise<Uint8Array> {
  const url = `${client.baseUrl}/_matrix/client/v1/media/download/${uri.slice('mxc://'.length)}`;
  const response = await fetch(url, { headers: { authorization: `Bearer ${client.accessToken}` } });
  if (response.status !== 200) throw new Error(`a download was answered ${response.status}`);
  return new Uint8Array(await response.arrayBuffer());
}

const digest = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

function report(
  kinds: readonly Kind[],
  measured: ReadonlyMap<Kind, readonly Times[]>,
  bursts: ReadonlyMap<Kind, Burst>,
  { repetitions, isPinned }: { readonly repetitions: number; readonly isPinned: boolean },
): Section {
  const of = (kind: Kind, what: keyof Times) => (measured.get(kind) ?? []).map((times) => times[what]);
  const rows = (['up', 'down', 'remote'] as const).map((what) => [
    what,
    ...kinds.map((kind) => withSpread(of(kind, what), 0)),
    ratio(median(of('synapse', what)), median(of('eyrie', what))),
  ]);
  const memoryRows = kinds.flatMap((kind) => {
    const { before, peak, peakAgain, after } = bursts.get(kind) ?? noBurst;
    return Array.from(before.keys(), (name) => [
      `${kind}: ${name}`,
      ...[before, peak, peakAgain, after].map((memory) => (memory.get(name) ?? 0).toFixed(0)),
    ]);
  });
  const ours = bursts.get('eyrie') ?? noBurst;
  const workerd = (memory: ResidentMemory) => memory.get('workerd') ?? Number.NaN;
  const growth = Math.max(workerd(ours.peak), workerd(ours.peakAgain)) - workerd(ours.before);
  const [up, down] = [median(of('eyrie', 'up')), median(of('eyrie', 'down'))];
  return {
    title: 'W12 files',
    lines: [
      `50 MB up, down, and to a user of another server of the same kind, ${repetitions} times: median (least – most) in ms. Servers and generator ${isPinned ? 'have a processor each' : 'share all processors'}.`,
      '',
      ...table(['50 MB', ...kinds, 'Synapse : Eyrie'], rows),
      '',
      `Resident memory in MB around ${AT_ONCE} uploads of 50 MB at once, twice; the first took ${kinds.map((kind) => `${(bursts.get(kind)?.seconds ?? Number.NaN).toFixed(1)} s (${kind})`).join(', ')}.`,
      '',
      ...table(['program', 'before', 'most', 'most, second time', `${SETTLE_MS / 1000} s after`], memoryRows),
      '',
      `- up, at most ${TARGET_UP_MS} ms: ${verdict(up <= TARGET_UP_MS)}; down, at most ${TARGET_DOWN_MS} ms: ${verdict(down <= TARGET_DOWN_MS)}`,
      `- workerd grows by at most ${TARGET_GROWTH_MB} MB: ${verdict(growth <= TARGET_GROWTH_MB)} (${growth.toFixed(0)} MB)`,
      '- Memory with rooms and events, and bytes on disk: W12-DISK.',
    ],
  };
}

const noBurst: Burst = {
  seconds: Number.NaN,
  before: new Map(),
  peak: new Map(),
  peakAgain: new Map(),
  after: new Map(),
};
