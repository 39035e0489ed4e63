import type { RoomClient } from '../../../src/durable/room/client.ts';
import { MatrixError } from '../../../src/matrix/error.ts';
import type { EventId, RoomId, UserId } from '../../../src/matrix/ids/brands.ts';
import { joinedUsers } from './actions.ts';
import { checkAgreement, checkRoom, seeEachOther } from './checks.ts';
import type { EventLoop } from './event-loop.ts';
import type { Random } from './random.ts';
import { SimClient } from './sim-client.ts';
import type { SimSlider } from './sim-slider.ts';
import type { SimServer } from './sim-server.ts';

/** A world whose chaos is over: nothing is lost any more, and nobody is apart. */
export interface PeacefulWorld {
  readonly loop: EventLoop;
  readonly random: Random;
  readonly servers: readonly SimServer[];
  readonly clients: readonly SimClient[];
  readonly sliders: readonly SimSlider[];
  readonly rooms: readonly RoomId[];
  /** Whether no fault has been seen. */
  readonly isSound: () => boolean;
  readonly note: (line: string) => void;
  readonly fault: (what: string) => void;
}

/** Everybody speaks this often at least, and as often at most while events are parked. */
const ROUNDS = 3;
const MAX_ROUNDS = 9;

/**
 * Everything is delivered and everybody says something, until nothing is left to happen; then all is compared, every
 * server is heard once more by all others, and every client looks at what it was told.
 */
export async function endInPeace(world: PeacefulWorld): Promise<void> {
  const { servers, rooms, fault } = world;
  await drain(world);
  for (let round = 0; round < ROUNDS || (round < MAX_ROUNDS && isParked(world)); round += 1) await speak(world);
  for (const roomId of rooms) checkAgreement(servers, roomId, fault);
  for (const server of servers) {
    for (const room of server.rooms.values()) checkRoom(room, (what) => fault(`${server.name}: ${what}`));
  }
  for (const roomId of rooms) if (world.isSound()) await checkAlive(world, roomId);
  if (world.isSound()) await checkClients(world);
}

async function drain(world: PeacefulWorld): Promise<void> {
  const { loop, fault, isSound } = world;
  await loop.runUntil(loop.now + 20_000);
  for (let turns = 0; turns < 200 && isSound(); turns += 1) {
    if (undelivered(world).length === 0) return;
    await loop.runUntil(loop.now + 60_000);
  }
  const left = undelivered(world);
  if (left.length > 0) fault(`not everything is delivered: ${left.join(', ')}`);
}

function undelivered({ servers }: PeacefulWorld): readonly string[] {
  return servers.flatMap(({ name, rooms, destinations }) => [
    ...[...rooms].filter(([, room]) => !room.isDelivered()).map(([roomId]) => `${roomId} of ${name}`),
    ...[...destinations].filter(([, to]) => !to.isIdle()).map(([server]) => `what ${name} has for ${server}`),
  ]);
}

/** Whether a room will try an event again. */
function isParked({ servers }: PeacefulWorld): boolean {
  const held = servers.flatMap(({ rooms }) => [...rooms.values()]);
  return held.some((room) => room.isBorn() && room.store.parked.nextRetry() !== undefined);
}

/** Those who are in the room, server after server. */
async function speak(world: PeacefulWorld): Promise<void> {
  for (const server of world.servers) {
    for (const roomId of world.rooms) {
      for (const user of joinedUsers(server, roomId)) await say(world, server, roomId, user);
    }
    await drain(world);
  }
}

/** @returns the event. A refusal is a fault: nothing in these worlds may keep a member from speaking. */
async function say(
  { loop, random, note, fault }: PeacefulWorld,
  server: SimServer,
  roomId: RoomId,
  user: UserId,
): Promise<EventId | undefined> {
  note(`${user} says something`);
  const rooms = server.deps.rooms as RoomClient;
  const content = { msgtype: 'm.text', body: `${user} ${random.below(1_000_000)}` };
  let isDone = false;
  let eventId: EventId | undefined;
  loop.start(async () => {
    try {
      ({ eventId } = await rooms.send({ roomId, draft: { type: 'm.room.message', sender: user, content } }));
    } catch (error) {
      if (!(error instanceof MatrixError)) throw error;
      fault(`${user} is in the room and may not speak: ${error.message}`);
    }
    isDone = true;
  });
  await loop.runUntilTrue(() => isDone, 60_000, `a word of ${user}`);
  return eventId;
}

/** What anybody says now is shown to everybody who is there. */
async function checkAlive(world: PeacefulWorld, roomId: RoomId): Promise<void> {
  const { servers, fault } = world;
  for (const server of servers) {
    const [user] = joinedUsers(server, roomId);
    const eventId = user === undefined ? undefined : await say(world, server, roomId, user);
    if (eventId === undefined) continue;
    await drain(world);
    for (const other of servers) {
      if (!seeEachOther(server, other, roomId)) continue;
      const event = other.rooms.get(roomId)?.store.events.get(eventId);
      if (event?.status === 'accepted' && event.pos !== undefined) continue;
      fault(`${eventId}, said on ${server.name}, is ${event?.status ?? 'unknown'} on ${other.name} (${event?.reason})`);
    }
  }
}

/** Each client goes on from its token, and one that is new is told the same. */
async function checkClients(world: PeacefulWorld): Promise<void> {
  const { loop, clients, sliders, rooms, random, fault } = world;
  let isDone = false;
  loop.start(async () => {
    for (const client of clients) {
      await checkClient(world, client);
      await checkClient(
        world,
        new SimClient(client.userId, client.server, random, (what) => fault(`a new device: ${what}`)),
      );
    }
    for (const slider of sliders) await slider.checkEnd(rooms.filter((roomId) => isJoined(slider, roomId)));
    isDone = true;
  });
  await loop.runUntilTrue(() => isDone || !world.isSound(), 3_600_000, 'the last sync of every client');
}

async function checkClient({ rooms, fault }: PeacefulWorld, client: SimClient): Promise<void> {
  for (let time = 0; time < 2 || (time < 5 && !client.isSettled()); time += 1) await client.sync(true);
  if (!client.isSettled()) fault(`${client.userId} is owed a correction for ever`);
  for (const roomId of rooms) if (isJoined(client, roomId)) await client.checkHistory(roomId);
}

function isJoined({ server, userId }: Pick<SimClient, 'server' | 'userId'>, roomId: RoomId): boolean {
  return joinedUsers(server, roomId).includes(userId);
}
