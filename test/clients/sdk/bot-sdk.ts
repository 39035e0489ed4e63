import { join } from 'node:path';

import { LogLevel, LogService, MatrixAuth, MatrixClient, MatrixError, SimpleFsStorageProvider } from 'matrix-bot-sdk';

import { temporaryDirectory } from '../../support/node/temporary.ts';
import type { ChatClient, Credentials, MediaFile, NewRoom, Profile, Sdk, SeenEvent } from './chat-client.ts';

LogService.setLevel(LogLevel.ERROR);
LogService.muteModule('MatrixHttpClient');
LogService.muteModule('MatrixClientLite');

/** A client of matrix-bot-sdk as bots set it up, with its token in a file. */
export class BotSdkClient implements ChatClient {
  readonly credentials: Credentials;
  readonly client: MatrixClient;
  readonly #seen = new Map<string, SeenEvent[]>();
  readonly #memberships = new Map<string, string>();

  constructor(credentials: Credentials) {
    this.credentials = credentials;
    const file = join(temporaryDirectory('bot'), 'bot.json');
    this.client = new MatrixClient(credentials.baseUrl, credentials.accessToken, new SimpleFsStorageProvider(file));
    this.client.on('room.invite', (roomId: string) => this.#memberships.set(roomId, 'invite'));
    this.client.on('room.join', (roomId: string) => this.#memberships.set(roomId, 'join'));
    this.client.on('room.leave', (roomId: string, event: SeenEvent) => {
      this.#memberships.set(roomId, event.content['membership'] as string);
    });
    this.client.on('room.event', (roomId: string, event: SeenEvent) => this.#see(roomId, event));
  }

  get userId(): string {
    return this.credentials.userId;
  }

  async start(): Promise<void> {
    for (const roomId of await this.client.getJoinedRooms()) this.#memberships.set(roomId, 'join');
    await this.client.start();
  }

  async stop(): Promise<void> {
    this.client.stop();
  }

  async close(): Promise<void> {
    this.client.stop();
  }

  async logout(): Promise<void> {
    await this.client.doRequest('POST', '/_matrix/client/v3/logout', null, {});
  }

  createRoom(room: NewRoom): Promise<string> {
    return this.client.createRoom(room);
  }

  join(roomIdOrAlias: string): Promise<string> {
    return this.client.joinRoom(roomIdOrAlias);
  }

  async invite(roomId: string, userId: string): Promise<void> {
    await this.client.inviteUser(userId, roomId);
  }

  async leave(roomId: string): Promise<void> {
    await this.client.leaveRoom(roomId);
  }

  async kick(roomId: string, userId: string, reason: string): Promise<void> {
    await this.client.kickUser(userId, roomId, reason);
  }

  async ban(roomId: string, userId: string, reason: string): Promise<void> {
    await this.client.banUser(userId, roomId, reason);
  }

  async unban(roomId: string, userId: string): Promise<void> {
    await this.client.unbanUser(userId, roomId);
  }

  sendText(roomId: string, text: string): Promise<string> {
    return this.client.sendText(roomId, text);
  }

  sendEvent(roomId: string, type: string, content: Record<string, unknown>): Promise<string> {
    return this.client.sendEvent(roomId, type, content);
  }

  sendState(roomId: string, type: string, stateKey: string, content: Record<string, unknown>): Promise<string> {
    return this.client.sendStateEvent(roomId, type, stateKey, content);
  }

  redact(roomId: string, eventId: string, reason: string): Promise<string> {
    return this.client.redactEvent(roomId, eventId, reason);
  }

  async setTyping(roomId: string, typing: boolean): Promise<void> {
    await this.client.setTyping(roomId, typing);
  }

  async sendReceipt(roomId: string, eventId: string): Promise<void> {
    await this.client.sendReadReceipt(roomId, eventId);
  }

  async history(roomId: string, limit: number): Promise<SeenEvent[]> {
    const path = `/_matrix/client/v3/rooms/${encodeURIComponent(roomId)}/messages`;
    const events: SeenEvent[] = [];
    for (let from: { from?: string } | undefined = {}; from !== undefined;) {
      const page: { chunk: SeenEvent[]; end?: string } = await this.client.doRequest('GET', path, {
        dir: 'b',
        limit,
        ...from,
      });
      events.push(...page.chunk);
      from = page.end === undefined ? undefined : { from: page.end };
    }
    return events;
  }

  event(roomId: string, eventId: string): Promise<SeenEvent> {
    return this.client.getEvent(roomId, eventId);
  }

  joinedMembers(roomId: string): Promise<string[]> {
    return this.client.getJoinedRoomMembers(roomId);
  }

  upload({ bytes, type, name }: MediaFile): Promise<string> {
    return this.client.uploadContent(Buffer.from(bytes), type, name);
  }

  async download(mxc: string): Promise<Pick<MediaFile, 'bytes' | 'type'>> {
    const { data, contentType } = await this.client.downloadContent(mxc);
    return { bytes: new Uint8Array(data), type: contentType };
  }

  async setDisplayName(name: string): Promise<void> {
    await this.client.setDisplayName(name);
  }

  profile(userId: string): Promise<Profile> {
    return this.client.getUserProfile(userId);
  }

  async createAlias(alias: string, roomId: string): Promise<void> {
    await this.client.createRoomAlias(alias, roomId);
  }

  async resolveAlias(alias: string): Promise<string> {
    return (await this.client.lookupRoomAlias(alias)).roomId;
  }

  async timeline(roomId: string): Promise<SeenEvent[]> {
    return this.#seen.get(roomId) ?? [];
  }

  async membership(roomId: string): Promise<string | undefined> {
    return this.#memberships.get(roomId);
  }

  async membershipOf(roomId: string, userId: string): Promise<string | undefined> {
    return (await this.state(roomId, 'm.room.member', userId))?.['membership'] as string | undefined;
  }

  async state(roomId: string, type: string, stateKey = ''): Promise<Record<string, unknown> | undefined> {
    try {
      return await this.client.getRoomStateEvent(roomId, type, stateKey);
    } catch (error) {
      if (error instanceof MatrixError && error.statusCode === 404) return undefined;
      throw error;
    }
  }

  typing(): Promise<string[]> {
    throw new Error('matrix-bot-sdk does not show who types');
  }

  readUpTo(): Promise<string | undefined> {
    throw new Error('matrix-bot-sdk does not show receipts');
  }

  #see(roomId: string, event: SeenEvent): void {
    const seen = this.#seen.get(roomId) ?? [];
    if (seen.every(({ event_id: known }) => known !== event.event_id)) seen.push(event);
    this.#seen.set(roomId, seen);
  }
}

async function enter(baseUrl: string, entering: Promise<MatrixClient>): Promise<BotSdkClient> {
  const entered = await entering;
  const { user_id: userId, device_id: deviceId = '' } = await entered.getWhoAmI();
  return new BotSdkClient({ baseUrl, userId, deviceId, accessToken: entered.accessToken });
}

/** matrix-bot-sdk, without its encryption. */
export const botSdk: Sdk = {
  name: 'matrix-bot-sdk',
  seesEphemeral: false,
  register: (baseUrl, username, password) =>
    enter(baseUrl, new MatrixAuth(baseUrl).passwordRegister(username, password)),
  login: (baseUrl, username, password) => enter(baseUrl, new MatrixAuth(baseUrl).passwordLogin(username, password)),
};
