/** A room event as a client saw it. */
export interface SeenEvent {
  event_id: string;
  type: string;
  sender: string;
  state_key?: string;
  content: Record<string, unknown>;
  unsigned?: Record<string, unknown>;
}

export interface NewRoom {
  preset: 'private_chat' | 'public_chat';
  name?: string;
  topic?: string;
  invite?: string[];
  room_alias_name?: string;
  initial_state?: { type: string; state_key: string; content: Record<string, unknown> }[];
}

export interface Profile {
  displayname?: string;
  avatar_url?: string;
}

export interface MediaFile {
  bytes: Uint8Array<ArrayBuffer>;
  type: string;
  name: string;
}

export interface Credentials {
  /** `http://127.0.0.1:<port>` */
  baseUrl: string;
  userId: string;
  deviceId: string;
  accessToken: string;
}

/** What a client knows by what it was told since it started, or, where its library keeps nothing, by asking. */
export interface View {
  /** events of the room in the order in which they came, state events among them, each once */
  timeline(roomId: string): Promise<SeenEvent[]>;
  /** our own membership; undefined for a room that was never told of */
  membership(roomId: string): Promise<string | undefined>;
  membershipOf(roomId: string, userId: string): Promise<string | undefined>;
  state(roomId: string, type: string, stateKey?: string): Promise<Record<string, unknown> | undefined>;
  /** who types now */
  typing(roomId: string): Promise<string[]>;
  /** the event that a user has read up to */
  readUpTo(roomId: string, userId: string): Promise<string | undefined>;
}

/**
 * One user at one device, through a client library as it is: each method is what that library offers for the purpose,
 * and what is seen is what the library makes of it. A refusal throws.
 */
export interface ChatClient extends View {
  readonly userId: string;
  readonly credentials: Credentials;
  /** Begins to sync, where the client was when it stopped, if it has been started before. Resolves when it is up to date. */
  start(): Promise<void>;
  /** Ends syncing; what was seen stays. */
  stop(): Promise<void>;
  /** Ends for good. */
  close(): Promise<void>;
  logout(): Promise<void>;

  createRoom(room: NewRoom): Promise<string>;
  join(roomIdOrAlias: string): Promise<string>;
  invite(roomId: string, userId: string): Promise<void>;
  leave(roomId: string): Promise<void>;
  kick(roomId: string, userId: string, reason: string): Promise<void>;
  ban(roomId: string, userId: string, reason: string): Promise<void>;
  unban(roomId: string, userId: string): Promise<void>;

  sendText(roomId: string, text: string): Promise<string>;
  sendEvent(roomId: string, type: string, content: Record<string, unknown>): Promise<string>;
  sendState(roomId: string, type: string, stateKey: string, content: Record<string, unknown>): Promise<string>;
  redact(roomId: string, eventId: string, reason: string): Promise<string>;
  setTyping(roomId: string, typing: boolean): Promise<void>;
  sendReceipt(roomId: string, eventId: string): Promise<void>;

  /** The history to its beginning, newest first, by requests for `limit` events each. */
  history(roomId: string, limit: number): Promise<SeenEvent[]>;
  event(roomId: string, eventId: string): Promise<SeenEvent>;
  joinedMembers(roomId: string): Promise<string[]>;

  /** @returns the `mxc:` address. */
  upload(file: MediaFile): Promise<string>;
  download(mxc: string): Promise<Pick<MediaFile, 'bytes' | 'type'>>;

  setDisplayName(name: string): Promise<void>;
  profile(userId: string): Promise<Profile>;
  createAlias(alias: string, roomId: string): Promise<void>;
  resolveAlias(alias: string): Promise<string>;
}

export type SdkName = 'matrix-js-sdk' | 'matrix-bot-sdk' | 'matrix-nio';

/** How clients of one library come to be. */
export interface Sdk<Client extends ChatClient = ChatClient> {
  readonly name: SdkName;
  /** whether it shows its user who types and who has read what */
  readonly seesEphemeral: boolean;
  register(baseUrl: string, username: string, password: string): Promise<Client>;
  login(baseUrl: string, username: string, password: string): Promise<Client>;
}
