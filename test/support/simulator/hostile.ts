import { sendTransaction } from '../../../src/federation/operations/send-transaction.ts';
import type { FederationClient } from '../../../src/federation/client.ts';
import type { Pdu } from '../../../src/matrix/event/pdu.ts';
import type { EventId, RoomId, ServerName, UserId } from '../../../src/matrix/ids/brands.ts';
import type { JsonObject } from '../../../src/matrix/json/json-value.ts';
import type { Random } from './random.ts';
import { signPdu, type RemoteDraft } from './sign-pdu.ts';
import type { SimRoom } from './sim-room.ts';
import type { SimServer } from './sim-server.ts';

/** What a server does whose owner wants to do harm, and how often. Everything is signed as it has to be. */
export const hostileActions = {
  /** A message by a user who is not in the room. */
  outsider: 3,
  /** All power to a user of theirs. */
  power: 3,
  /** A ban of somebody else. */
  ban: 3,
  /** A message or topic that stands on an old event, with the state of then. */
  fork: 4,
  /** Two events in one place, each told to others. */
  equivocate: 4,
  /** A message on top of one that is forbidden. */
  onForbidden: 2,
  /** A message on top of one that nobody ever gets. */
  onNothing: 1,
} as const;

export interface Hostile {
  readonly server: SimServer;
  readonly user: UserId;
  readonly target: UserId;
  readonly roomId: RoomId;
  readonly random: Random;
  readonly others: readonly ServerName[];
  readonly client: FederationClient;
  /** Different for each call. */
  readonly serial: number;
}

/** Makes events behind the back of the server's own room, and pushes them to some or all of the others. */
export async function doHarm(action: keyof typeof hostileActions, hostile: Hostile): Promise<void> {
  const room = hostile.server.rooms.get(hostile.roomId);
  if (room === undefined || !room.isBorn() || room.store.meta.lifecycle() !== 'live') return;
  const events = forge(action, hostile, room);
  if (action === 'equivocate') {
    const [one, other] = events;
    await Promise.all(hostile.others.map((server, index) => push(hostile, server, [index % 2 === 0 ? one : other])));
    return;
  }
  const told = hostile.others.filter(() => hostile.random.chance(0.7));
  await Promise.all(told.map((server) => push(hostile, server, events)));
}

function forge(action: keyof typeof hostileActions, hostile: Hostile, room: SimRoom): readonly Pdu[] {
  const { user, target, server, serial, random } = hostile;
  const text = (body: string) => ({ msgtype: 'm.text', body: `${body} ${serial}` });
  let count = 0;
  const sign = (draft: Omit<RemoteDraft, 'eventId'>) => {
    const eventId = `$forged${serial}x${(count += 1)}:${server.name}` as EventId;
    return signPdu({ store: room.store, now: server.now() }, { ...draft, eventId });
  };
  const state = (type: string, content: JsonObject, stateKey = '') => sign({ type, sender: user, stateKey, content });
  const outsider = `@mallory:${server.name}` as UserId;
  switch (action) {
    case 'outsider':
      return [sign({ type: 'm.room.message', sender: outsider, content: text('let me in') })];
    case 'power':
      return [state('m.room.power_levels', { users: { [user]: 100 } })];
    case 'ban':
      return [state('m.room.member', { membership: 'ban' }, target)];
    case 'fork': {
      const place = oldPlace(room, random);
      const content = text('from long ago');
      return [sign({ type: 'm.room.message', sender: user, content, ...place })];
    }
    case 'equivocate':
      return ['one', 'other'].map((word) => sign({ type: 'm.room.message', sender: user, content: text(word) }));
    case 'onForbidden': {
      const forbidden = sign({ type: 'm.room.message', sender: outsider, content: text('forbidden') });
      const child = sign({
        type: 'm.room.message',
        sender: user,
        content: text('on top'),
        prevEvents: [forbidden.eventId],
      });
      return [forbidden, child];
    }
    case 'onNothing': {
      const hidden = sign({ type: 'm.room.message', sender: user, content: text('hidden') });
      return [sign({ type: 'm.room.message', sender: user, content: text('seen'), prevEvents: [hidden.eventId] })];
    }
  }
}

function oldPlace(
  { store }: SimRoom,
  random: Random,
): { readonly prevEvents: readonly EventId[]; readonly at: number } {
  const head = store.stream.head();
  const rows = store.stream.range(0, head, head).filter(({ kind }) => kind === 'event');
  const row = rows.length === 0 ? undefined : random.pick(rows);
  if (row?.kind !== 'event') return { prevEvents: store.extremities.forward(), at: head };
  return { prevEvents: [row.eventId], at: row.pos };
}

async function push({ client, serial }: Hostile, destination: ServerName, pdus: readonly (Pdu | undefined)[]) {
  const given = pdus.filter((pdu) => pdu !== undefined).map(({ json }) => json);
  const body = { origin_server_ts: serial, pdus: given, edus: [] };
  await sendTransaction(client, { destination, txnId: `harm${serial}`, body });
}
