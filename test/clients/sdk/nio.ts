import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

import type { ChatClient, Credentials, MediaFile, NewRoom, Profile, Sdk, SeenEvent } from './chat-client.ts';

interface Waiting {
  resolve(result: unknown): void;
  reject(error: Error): void;
}

/** The Python process with every client of matrix-nio that this process made; it ends with us. */
class Driver {
  readonly #child: ChildProcess;
  readonly #waiting = new Map<number, Waiting>();
  #requests = 0;
  #clients = 0;

  constructor() {
    const python = process.env['EYRIE_NIO_PYTHON'];
    if (python === undefined) throw new Error('matrix-nio is not installed: run by npm run test:clients');
    const script = join(import.meta.dirname, 'nio_driver.py');
    this.#child = spawn(python, [script], { stdio: ['pipe', 'pipe', 'inherit'] });
    this.#child.unref();
    this.#child.once('exit', (code) => this.#giveUp(new Error(`the driver of matrix-nio ended with ${code}`)));
    this.#child.once('error', (error) => this.#giveUp(error));
    if (this.#child.stdout === null) throw new Error('the driver has an output');
    createInterface(this.#child.stdout).on('line', (line) => this.#take(line));
    process.once('exit', () => this.#child.kill('SIGKILL'));
  }

  newClient(): number {
    this.#clients += 1;
    return this.#clients;
  }

  ask<T>(client: number, method: string, params: unknown[]): Promise<T> {
    this.#requests += 1;
    const id = this.#requests;
    return new Promise<T>((resolve, reject) => {
      this.#waiting.set(id, { resolve: (result) => resolve(result as T), reject });
      this.#child.stdin?.write(`${JSON.stringify({ id, client, method, params })}\n`);
    });
  }

  #take(line: string): void {
    const { id, result, error } = JSON.parse(line) as { id: number; result?: unknown; error?: string };
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    if (error === undefined) waiting?.resolve(result ?? undefined);
    else waiting?.reject(new Error(error));
  }

  #giveUp(error: Error): void {
    for (const waiting of this.#waiting.values()) waiting.reject(error);
    this.#waiting.clear();
  }
}

let driver: Driver | undefined;

/** A client of matrix-nio in the Python process. */
export class NioClient implements ChatClient {
  readonly credentials: Credentials;
  readonly #driver: Driver;
  readonly #number: number;

  constructor(through: Driver, number: number, credentials: Credentials) {
    this.#driver = through;
    this.#number = number;
    this.credentials = credentials;
  }

  get userId(): string {
    return this.credentials.userId;
  }

  start = (): Promise<void> => this.#ask('start');
  stop = (): Promise<void> => this.#ask('stop');
  close = (): Promise<void> => this.#ask('close');
  logout = (): Promise<void> => this.#ask('logout');

  createRoom = (room: NewRoom): Promise<string> => this.#ask('createRoom', room);
  join = (roomIdOrAlias: string): Promise<string> => this.#ask('join', roomIdOrAlias);
  invite = (roomId: string, userId: string): Promise<void> => this.#ask('invite', roomId, userId);
  leave = (roomId: string): Promise<void> => this.#ask('leave', roomId);
  kick = (roomId: string, userId: string, reason: string): Promise<void> => this.#ask('kick', roomId, userId, reason);
  ban = (roomId: string, userId: string, reason: string): Promise<void> => this.#ask('ban', roomId, userId, reason);
  unban = (roomId: string, userId: string): Promise<void> => this.#ask('unban', roomId, userId);

  sendText = (roomId: string, text: string): Promise<string> => this.#ask('sendText', roomId, text);
  sendEvent = (roomId: string, type: string, content: Record<string, unknown>): Promise<string> =>
    this.#ask('sendEvent', roomId, type, content);
  sendState = (roomId: string, type: string, stateKey: string, content: Record<string, unknown>): Promise<string> =>
    this.#ask('sendState', roomId, type, stateKey, content);
  redact = (roomId: string, eventId: string, reason: string): Promise<string> =>
    this.#ask('redact', roomId, eventId, reason);
  setTyping = (roomId: string, typing: boolean): Promise<void> => this.#ask('setTyping', roomId, typing);
  sendReceipt = (roomId: string, eventId: string): Promise<void> => this.#ask('sendReceipt', roomId, eventId);

  history = (roomId: string, limit: number): Promise<SeenEvent[]> => this.#ask('history', roomId, limit);
  event = (roomId: string, eventId: string): Promise<SeenEvent> => this.#ask('event', roomId, eventId);
  joinedMembers = (roomId: string): Promise<string[]> => this.#ask('joinedMembers', roomId);

  upload = ({ bytes, type, name }: MediaFile): Promise<string> =>
    this.#ask('upload', Buffer.from(bytes).toString('base64'), type, name);
  download = async (mxc: string): Promise<Pick<MediaFile, 'bytes' | 'type'>> => {
    const { body, type } = await this.#ask<{ body: string; type: string }>('download', mxc);
    return { bytes: new Uint8Array(Buffer.from(body, 'base64')), type };
  };

  setDisplayName = (name: string): Promise<void> => this.#ask('setDisplayName', name);
  profile = (userId: string): Promise<Profile> => this.#ask('profile', userId);
  createAlias = (alias: string, roomId: string): Promise<void> => this.#ask('createAlias', alias, roomId);
  resolveAlias = (alias: string): Promise<string> => this.#ask('resolveAlias', alias);

  /** A picture, cropped to a square. */
  thumbnail = async (mxc: string, side: number): Promise<Buffer> =>
    Buffer.from(await this.#ask<string>('thumbnail', mxc, side), 'base64');
  /** The events that relate to an event, by the library's iterator. */
  relations = (roomId: string, eventId: string): Promise<SeenEvent[]> => this.#ask('relations', roomId, eventId);
  /** The roots of the room's threads, by the library's iterator. */
  threads = (roomId: string): Promise<SeenEvent[]> => this.#ask('threads', roomId);

  setPresence = (presence: string, message: string): Promise<void> => this.#ask('setPresence', presence, message);
  presenceOf = (userId: string): Promise<{ presence: string; message: string }> => this.#ask('presenceOf', userId);
  knock = (roomId: string, reason: string): Promise<string> => this.#ask('knock', roomId, reason);
  /** @returns the room that replaces it; the library makes it itself. */
  upgrade = (roomId: string, version: string): Promise<string> => this.#ask('upgrade', roomId, version);
  readMarkers = (roomId: string, eventId: string): Promise<void> => this.#ask('readMarkers', roomId, eventId);
  /** An event between its neighbours, in their order. */
  context = (roomId: string, eventId: string): Promise<SeenEvent[]> => this.#ask('context', roomId, eventId);
  hierarchy = (spaceId: string): Promise<string[]> => this.#ask('hierarchy', spaceId);
  publicRooms = (words: string): Promise<string[]> => this.#ask('publicRooms', words);
  devices = (): Promise<string[]> => this.#ask('devices');
  /** Answers the server's question for the password. */
  endDevices = (devices: string[], password: string): Promise<void> => this.#ask('endDevices', devices, password);

  timeline = (roomId: string): Promise<SeenEvent[]> => this.#ask('timeline', roomId);
  membership = (roomId: string): Promise<string | undefined> => this.#ask('membership', roomId);
  membershipOf = (roomId: string, userId: string): Promise<string | undefined> =>
    this.#ask('membershipOf', roomId, userId);
  state = (roomId: string, type: string, stateKey = ''): Promise<Record<string, unknown> | undefined> =>
    this.#ask('state', roomId, type, stateKey);
  typing = (roomId: string): Promise<string[]> => this.#ask('typing', roomId);
  readUpTo = (roomId: string, userId: string): Promise<string | undefined> => this.#ask('readUpTo', roomId, userId);

  #ask<T>(method: string, ...params: unknown[]): Promise<T> {
    return this.#driver.ask<T>(this.#number, method, params);
  }
}

async function enter(
  how: 'register' | 'login',
  baseUrl: string,
  username: string,
  password: string,
): Promise<NioClient> {
  driver ??= new Driver();
  const number = driver.newClient();
  const session = await driver.ask<Omit<Credentials, 'baseUrl'>>(number, how, [baseUrl, username, password]);
  return new NioClient(driver, number, { baseUrl, ...session });
}

/** matrix-nio, in a Python process. */
export const nio: Sdk = {
  name: 'matrix-nio',
  seesEphemeral: true,
  register: (baseUrl, username, password) => enter('register', baseUrl, username, password),
  login: (baseUrl, username, password) => enter('login', baseUrl, username, password),
};
