import { statfsSync } from 'node:fs';
import { tmpdir } from 'node:os';

import type { MatrixClient } from '../../test/support/node/matrix-client.ts';
import { load } from '../harness/machine.ts';
import { residentMiB } from '../harness/memory.ts';
import { type Kind, kindsOf, Servers } from '../harness/servers.ts';
import { several } from '../harness/several.ts';
import { type Progress, type RunOptions, type Section, table, verdict } from '../harness/workload.ts';

const ROOM_VERSION = '12';
/** So long that the event has about 1 KB as JSON. */
const BODY = 'What there is to say about the weather, ships and their cargo. '.repeat(8);
const TARGET_EVENT_BYTES = 2_000;
const TARGET_EVENT_SHARE = 1 / 3;
const TARGET_RESIDENT_MIB = 250;
/** So long it has to stay as it is, looked at so often, and for so long in all. */
const STILL_MS = 60_000;
const LOOK_MS = 5_000;
const MAX_SETTLING_MS = 600_000;

interface Footprint {
  readonly room: number;
  readonly event: number;
  /** MiB, with all of it done. */
  readonly resident: number;
}

/** The rest of workload W12: what rooms and events take on the disk, and what the server takes in memory after them. */
export async function run(options: RunOptions, progress: Progress): Promise<Section> {
  const rooms = options.rooms ?? (options.quick ? 20 : 500);
  const events = options.events ?? (options.quick ? 500 : 10_000);
  const servers = await Servers.open(options.baseline);
  try {
    const kinds = kindsOf(options);
    const footprints = new Map<Kind, Footprint>();
    for (const kind of kinds) {
      footprints.set(kind, await footprintOf(servers, kind, { rooms, events }));
      progress(`W12 on disk, ${kind}: measured, load ${load()}`);
    }
    return report(kinds, footprints, { rooms, events });
  } finally {
    await servers.close();
  }
}

async function footprintOf(
  servers: Servers,
  kind: Kind,
  counts: { readonly rooms: number; readonly events: number },
): Promise<Footprint> {
  const server = await servers.start(kind);
  const owner = await servers.user(server, 'owner');
  await aRoom(owner, 'The first');
  const size = async () => {
    await settled(() => servers.bytesOnDisk(server));
    return servers.bytesOnDisk(server);
  };
  const empty = await size();
  const numbers = Array.from({ length: counts.rooms }, (_, index) => index);
  await several(numbers, async (index) => {
    await aRoom(owner, `Room ${index}`);
  });
  const withRooms = await size();
  const roomId = await aRoom(owner, 'The long one');
  for (let sent = 0; sent < counts.events; sent += 1) await owner.send(roomId, `${sent}: ${BODY}`);
  const withEvents = await size();
  return {
    room: (withRooms - empty) / counts.rooms,
    event: (withEvents - withRooms) / counts.events,
    resident: residentMiB(server),
  };
}

/** Waits until what is on the disk stays as it is: rooms that nobody uses are closed one by one, and their logs go. */
async function settled(bytes: () => number): Promise<void> {
  const end = performance.now() + MAX_SETTLING_MS;
  let last = bytes();
  for (let still = 0; still < STILL_MS && performance.now() < end; still += LOOK_MS) {
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    const now = bytes();
    if (now !== last) still = 0;
    last = now;
  }
}

async function aRoom(owner: MatrixClient, name: string): Promise<string> {
  const roomId = await owner.createRoom({ preset: 'private_chat', room_version: ROOM_VERSION, name });
  await owner.send(roomId, 'hello');
  return roomId;
}

function report(
  kinds: readonly Kind[],
  footprints: ReadonlyMap<Kind, Footprint>,
  { rooms, events }: { readonly rooms: number; readonly events: number },
): Section {
  const of = (kind: Kind, what: keyof Footprint) => footprints.get(kind)?.[what] ?? Number.NaN;
  const row = (title: string, what: keyof Footprint, digits = 0) => [
    title,
    ...kinds.map((kind) => of(kind, what).toFixed(digits)),
    (of('eyrie', what) / of('synapse', what)).toFixed(2),
  ];
  const event = of('eyrie', 'event');
  const share = event / of('synapse', 'event');
  const resident = of('eyrie', 'resident');
  return {
    title: 'W12 on the disk and in memory',
    lines: [
      `${rooms} private rooms with a name and a message each, then one room with ${events} messages of about 1 KB as JSON, one after the other. Bytes are blocks of the file system (${statfsSync(tmpdir()).bsize} bytes each) once that has stayed the same for ${STILL_MS / 1000} s after the last request. SQLite on both; the indices of search are in the bytes.`,
      '',
      ...table(
        ['', ...kinds, 'Eyrie : Synapse'],
        [row('bytes a room', 'room'), row('bytes a message', 'event'), row('MiB of the resident set then', 'resident')],
      ),
      '',
      `- at most ${TARGET_EVENT_BYTES} bytes a message: ${event.toFixed(0)}, ${verdict(event <= TARGET_EVENT_BYTES)}; at most a third of Synapse's: ${share.toFixed(2)}, ${verdict(share <= TARGET_EVENT_SHARE)}.`,
      `- workerd at most ${TARGET_RESIDENT_MIB} MiB: ${resident.toFixed(0)}, ${verdict(resident <= TARGET_RESIDENT_MIB)}. The launcher is not counted.`,
    ],
  };
}
