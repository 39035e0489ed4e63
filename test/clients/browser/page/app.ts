import {
  ClientEvent,
  createClient,
  EventType,
  IndexedDBStore,
  type MatrixClient,
  MatrixError,
  MatrixEventEvent,
  MsgType,
  NotificationCountType,
  type Room,
  RoomEvent,
  RoomMemberEvent,
  RoomStateEvent,
} from 'matrix-js-sdk';

import { showTimeline } from './timeline.ts';

/** A small chat page on matrix-js-sdk: rooms, messages, edits, reactions, pictures; what a web client rests on. */

interface Session {
  baseUrl: string;
  userId: string;
  deviceId: string;
  accessToken: string;
}

const SESSION = 'session';

function element<T extends HTMLElement>(selector: string, kind: new () => T): T {
  const found = document.querySelector(selector);
  if (!(found instanceof kind)) throw new Error(`the page has no ${selector}`);
  return found;
}

const input = (selector: string): HTMLInputElement => element(selector, HTMLInputElement);
const problem = element('#problem', HTMLElement);

/** Runs what a user asked for, and shows why it failed. */
function attempt(action: () => Promise<unknown>, where = problem): void {
  where.textContent = '';
  action().catch((error: unknown) => {
    const reason = error instanceof MatrixError ? error.data.error : undefined;
    where.textContent = reason ?? (error instanceof Error ? error.message : String(error));
  });
}

class Chat {
  readonly #client: MatrixClient;
  #current: string | undefined;
  #editing: string | undefined;
  #drawing = false;

  constructor(client: MatrixClient) {
    this.#client = client;
    element('#login', HTMLFormElement).hidden = true;
    element('#chat', HTMLElement).hidden = false;
    element('#me', HTMLElement).textContent = client.getUserId();
    client.on(ClientEvent.Sync, (state) => {
      element('#state', HTMLElement).textContent = state.toLowerCase();
      this.#draw();
    });
    for (const event of [
      ClientEvent.Room,
      RoomEvent.Timeline,
      RoomEvent.LocalEchoUpdated,
      RoomEvent.Redaction,
      RoomEvent.Receipt,
      RoomEvent.MyMembership,
      RoomStateEvent.Events,
      RoomMemberEvent.Typing,
      MatrixEventEvent.Replaced,
      MatrixEventEvent.Decrypted,
    ] as const) {
      client.on(event, () => this.#draw());
    }
    element('#composer', HTMLFormElement).addEventListener('submit', (event) => {
      event.preventDefault();
      attempt(() => this.#say());
    });
    const text = input('#composer [name=text]');
    text.addEventListener('input', () => {
      const room = this.#room();
      if (room !== null) attempt(() => client.sendTyping(room.roomId, text.value !== '', 20_000));
    });
    const picture = input('#composer [name=picture]');
    picture.addEventListener('change', () => attempt(() => this.#sendPicture(picture)));
    element('#accept', HTMLButtonElement).addEventListener('click', () => {
      const room = this.#room();
      if (room !== null) attempt(() => client.joinRoom(room.roomId));
    });
  }

  #room(): Room | null {
    return this.#current === undefined ? null : this.#client.getRoom(this.#current);
  }

  async #say(): Promise<void> {
    const room = this.#room();
    const text = input('#composer [name=text]');
    const body = text.value.trim();
    if (room === null || body === '') return;
    text.value = '';
    const edited = this.#editing;
    this.#editing = undefined;
    if (edited === undefined) {
      await this.#client.sendTextMessage(room.roomId, body);
      return;
    }
    await this.#client.sendEvent(room.roomId, EventType.RoomMessage, {
      msgtype: MsgType.Text,
      body: `* ${body}`,
      'm.new_content': { msgtype: MsgType.Text, body },
      'm.relates_to': { rel_type: 'm.replace', event_id: edited },
    } as never);
  }

  async #sendPicture(picture: HTMLInputElement): Promise<void> {
    const room = this.#room();
    const file = picture.files?.[0];
    if (room === null || file === undefined) return;
    const { content_uri: url } = await this.#client.uploadContent(file, { name: file.name, type: file.type });
    picture.value = '';
    await this.#client.sendImageMessage(room.roomId, url, { mimetype: file.type, size: file.size }, file.name);
  }

  #draw(): void {
    if (this.#drawing) return;
    this.#drawing = true;
    requestAnimationFrame(() => {
      this.#drawing = false;
      this.#drawRooms();
      this.#drawRoom();
    });
  }

  #drawRooms(): void {
    const rooms = this.#client
      .getVisibleRooms()
      .filter((room) => room.getMyMembership() === 'join' || room.getMyMembership() === 'invite')
      .toSorted((a, b) => a.name.localeCompare(b.name));
    const items = rooms.map((room) => {
      const item = document.createElement('li');
      const button = document.createElement('button');
      const name = document.createElement('span');
      name.textContent = room.getMyMembership() === 'invite' ? `${room.name} (invitation)` : room.name;
      button.append(name);
      if (room.roomId === this.#current) button.setAttribute('aria-current', 'true');
      const unread = room.getUnreadNotificationCount(NotificationCountType.Total);
      if (unread > 0) {
        const badge = document.createElement('span');
        badge.className = 'unread';
        badge.textContent = String(unread);
        button.append(badge);
      }
      button.addEventListener('click', () => {
        this.#current = room.roomId;
        this.#draw();
      });
      item.append(button);
      return item;
    });
    element('#rooms', HTMLElement).replaceChildren(...items);
  }

  #drawRoom(): void {
    const room = this.#room();
    if (room === null) return;
    element('#name', HTMLElement).textContent = room.name;
    const topic = room.currentState.getStateEvents(EventType.RoomTopic, '')?.getContent<{ topic?: string }>().topic;
    element('#topic', HTMLElement).textContent = topic ?? '';
    element('#choose', HTMLElement).hidden = true;
    element('main', HTMLElement).hidden = false;
    const invited = room.getMyMembership() === 'invite';
    element('#invitation', HTMLElement).hidden = !invited;
    element('#inviter', HTMLElement).textContent = room.getMember(this.#me())?.events.member?.getSender() ?? '';
    element('#composer', HTMLFormElement).hidden = invited;
    // This page cannot lock files up.
    element('#composer .button', HTMLElement).hidden = room.hasEncryptionStateEvent();
    const writers = room
      .getMembers()
      .filter(({ typing, userId }) => typing && userId !== this.#client.getUserId())
      .map(({ name }) => name);
    element('#typing', HTMLElement).textContent = writers.length > 0 ? `${writers.join(', ')} is typing …` : '';
    showTimeline(element('#timeline', HTMLElement), this.#client, room, {
      edit: (eventId, body) => {
        this.#editing = eventId;
        const text = input('#composer [name=text]');
        text.value = body;
        text.focus();
      },
      react: (eventId, key) =>
        attempt(() =>
          this.#client.sendEvent(room.roomId, EventType.Reaction, {
            'm.relates_to': { rel_type: 'm.annotation', event_id: eventId, key },
          } as never),
        ),
      remove: (eventId) => attempt(() => this.#client.redactEvent(room.roomId, eventId)),
    });
    this.#markRead(room);
  }

  #markRead(room: Room): void {
    const last = room
      .getLiveTimeline()
      .getEvents()
      .findLast((event) => event.status === null);
    if (last === undefined || room.getMyMembership() !== 'join') return;
    if (!room.hasUserReadEvent(this.#me(), last.getId() ?? '')) attempt(() => this.#client.sendReadReceipt(last));
  }

  #me(): string {
    return this.#client.getSafeUserId();
  }
}

async function open(session: Session): Promise<void> {
  localStorage.setItem(SESSION, JSON.stringify(session));
  const store = new IndexedDBStore({ indexedDB, dbName: session.userId, localStorage });
  const client = createClient({ ...session, store, timelineSupport: true });
  await store.startup();
  await client.initRustCrypto({ cryptoDatabasePrefix: session.userId });
  const chat = new Chat(client);
  const knows = async (userId: string): Promise<boolean> =>
    ((await client.getCrypto()?.getUserDeviceInfo([userId], true))?.get(userId)?.size ?? 0) > 0;
  Object.assign(globalThis, { chat, knows, saveStore: () => store.save(true) });
  await client.startClient({ initialSyncLimit: 20, lazyLoadMembers: true, threadSupport: true });
}

async function logIn(): Promise<void> {
  const field = (name: string): string => input(`#login [name=${name}]`).value;
  const baseUrl = field('server');
  const answer = await createClient({ baseUrl }).loginRequest({
    type: 'm.login.password',
    identifier: { type: 'm.id.user', user: field('user') },
    password: field('password'),
    initial_device_display_name: 'A page',
  });
  await open({ baseUrl, userId: answer.user_id, deviceId: answer.device_id, accessToken: answer.access_token });
}

const form = element('#login', HTMLFormElement);
form.addEventListener('submit', (event) => {
  event.preventDefault();
  attempt(logIn, element('#login [role=alert]', HTMLElement));
});
const kept = localStorage.getItem(SESSION);
if (kept !== null) attempt(() => open(JSON.parse(kept) as Session));
