import type { JsonObject, JsonValue } from '../../matrix/json/json-value.ts';
import type { RoomStore } from '../store.ts';

/** What shards sort and filter rooms by: what happened in a range, and what kind of room it is. */
export interface RoomActivity {
  /** Whether the range has an event. */
  readonly isActive: boolean;
  /** Whether the range has one of those that count as activity to people. Source: MSC4186, `bump_stamp`. */
  readonly isBumped: boolean;
  /** `null`: a room of no type. */
  readonly roomType: string | null;
  readonly isEncrypted: boolean;
}

/** Source: MSC4186, `bump_stamp`. */
const BUMPING: ReadonlySet<string> = new Set([
  'm.room.create',
  'm.room.message',
  'm.room.encrypted',
  'm.sticker',
  'm.call.invite',
  'm.poll.start',
  'm.beacon_info',
]);

/** Events of a range that are looked at for one that bumps. */
const MAX_LOOKED_AT = 50;

type Store = Pick<RoomStore, 'events' | 'history' | 'sagas' | 'state' | 'stream'>;

/** Of `(from, to]`; the kind of room is that of now, of one that we are only invited to what the invitation says. */
export function roomActivity(store: Store, from: number, to: number): RoomActivity {
  const ids = store.history.newest(from, to, MAX_LOOKED_AT);
  return {
    isActive: ids.length > 0,
    isBumped: ids.some((id) => BUMPING.has(store.events.get(id)?.pdu.type ?? '')),
    ...kindOf(store),
  };
}

function kindOf(store: Store): Pick<RoomActivity, 'roomType' | 'isEncrypted'> {
  const head = store.stream.head();
  const create = store.state.at('m.room.create', '', head);
  if (create === undefined) return kindOfStub(store);
  return {
    roomType: typeOf(store.events.get(create)?.pdu.content),
    isEncrypted: store.state.at('m.room.encryption', '', head) !== undefined,
  };
}

function kindOfStub({ sagas }: Store): Pick<RoomActivity, 'roomType' | 'isEncrypted'> {
  const [invite] = sagas.all('invite');
  const told = invite === undefined ? [] : (JSON.parse(invite.data) as readonly JsonObject[]);
  const create = told.find(({ type }) => type === 'm.room.create');
  return {
    roomType: typeOf(create?.['content']),
    isEncrypted: told.some(({ type }) => type === 'm.room.encryption'),
  };
}

function typeOf(content: JsonValue | undefined): string | null {
  const type = (content as JsonObject | null | undefined)?.['type'];
  return typeof type === 'string' ? type : null;
}
