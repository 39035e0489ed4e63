import type { ClientEvent, JoinedRoom, SyncResponse } from '../../support/node/matrix-client.ts';

/** What a client that folds `/sync` responses knows of one room. */
export class RoomView {
  membership: 'join' | 'invite' | 'knock' | 'leave' = 'leave';
  /** in the order in which they came, each as often as it came */
  readonly timeline: ClientEvent[] = [];
  /** newest event by type and state key */
  readonly #state = new Map<string, ClientEvent>();
  inviteState: ClientEvent[] = [];
  knockState: ClientEvent[] = [];
  typing: string[] = [];
  /** user IDs by the event that they have read up to */
  readonly #read = new Map<string, Set<string>>();
  /** how often the server left out events between two responses */
  gaps = 0;

  state(type: string, stateKey = ''): ClientEvent | undefined {
    return this.#state.get(`${type}\0${stateKey}`);
  }

  membershipOf(userId: string): unknown {
    return this.state('m.room.member', userId)?.content['membership'];
  }

  /** The texts of the messages, in order. */
  texts(): unknown[] {
    return this.timeline.filter(({ type }) => type === 'm.room.message').map(({ content }) => content['body']);
  }

  hasRead(userId: string, eventId: string): boolean {
    return this.#read.get(eventId)?.has(userId) ?? false;
  }

  fold(membership: 'join' | 'leave', room: JoinedRoom): void {
    if (room.timeline.limited === true && this.timeline.length > 0) this.gaps += 1;
    this.membership = membership;
    const { events } = room.timeline;
    for (const event of [...(room.state?.events ?? []), ...events]) {
      if (event.state_key !== undefined) this.#state.set(`${event.type}\0${event.state_key}`, event);
    }
    this.timeline.push(...events);
    for (const { type, content } of room.ephemeral?.events ?? []) {
      if (type === 'm.typing') this.typing = content['user_ids'] as string[];
      if (type === 'm.receipt') this.#foldReceipts(content as Receipts);
    }
  }

  #foldReceipts(receipts: Receipts): void {
    for (const [eventId, byType] of Object.entries(receipts)) {
      const readers = this.#read.get(eventId) ?? new Set();
      for (const userId of Object.keys(byType['m.read'] ?? {})) readers.add(userId);
      this.#read.set(eventId, readers);
    }
  }
}

type Receipts = Record<string, Record<string, Record<string, unknown>>>;

export type ToDeviceMessage = NonNullable<SyncResponse['to_device']>['events'][number];

/** What a client that folds `/sync` responses knows. */
export class SyncView {
  readonly #rooms = new Map<string, RoomView>();
  readonly presence = new Map<string, Record<string, unknown>>();
  readonly toDevice: ToDeviceMessage[] = [];
  readonly changedDevices = new Set<string>();

  /** A room that no response named yet is empty and left. */
  room(roomId: string): RoomView {
    const known = this.#rooms.get(roomId) ?? new RoomView();
    this.#rooms.set(roomId, known);
    return known;
  }

  fold({ rooms, presence, to_device: toDevice, device_lists: deviceLists }: SyncResponse): void {
    this.#foldRooms(rooms ?? {});
    for (const { sender, content } of presence?.events ?? []) this.presence.set(sender, content);
    this.toDevice.push(...(toDevice?.events ?? []));
    for (const userId of deviceLists?.changed ?? []) this.changedDevices.add(userId);
  }

  #foldRooms({ join, invite, knock, leave }: NonNullable<SyncResponse['rooms']>): void {
    for (const [roomId, room] of Object.entries(join ?? {})) this.room(roomId).fold('join', room);
    for (const [roomId, room] of Object.entries(leave ?? {})) this.room(roomId).fold('leave', room);
    for (const [roomId, { invite_state: stripped }] of Object.entries(invite ?? {})) {
      const room = this.room(roomId);
      room.membership = 'invite';
      room.inviteState = stripped.events;
    }
    for (const [roomId, { knock_state: stripped }] of Object.entries(knock ?? {})) {
      const room = this.room(roomId);
      room.membership = 'knock';
      room.knockState = stripped.events;
    }
  }
}
