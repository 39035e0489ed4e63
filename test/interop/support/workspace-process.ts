import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

import { freePorts } from '../../support/node/free-ports.ts';
import type { Homeserver } from '../../support/node/homeserver.ts';
import { until } from '../../support/node/until.ts';

const main = join(import.meta.dirname, '..', '..', '..', 'examples', 'workspace', 'main.ts');
const running = new Set<ChildProcess>();
process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

/** A message as the workspace shows it. */
export interface ShownMessage {
  readonly id: string;
  readonly event_id: string | null;
  readonly sender: string;
  readonly text: string;
  readonly state: string;
  readonly error: string | null;
  readonly is_edited: boolean;
  readonly is_deleted: boolean;
  readonly quotes: string | null;
  readonly thread: string | null;
  readonly mentions: readonly string[];
  readonly reactions: Readonly<Record<string, readonly string[]>>;
  readonly translations: Readonly<Record<string, string>>;
  readonly file: { name: string; type: string; size: number; state: string; error: string | null } | null;
}

/** A room as the workspace shows it. */
export interface ShownRoom {
  readonly name: string | null;
  readonly topic: string | null;
  readonly is_direct: boolean;
  readonly parent: string | null;
  readonly membership: string;
  readonly reason: string | null;
  readonly members: readonly { user_id: string; name: string | null; membership: string; role: string }[];
  readonly discussions: readonly { room: string; name: string | null }[];
  readonly typing: readonly string[];
  readonly receipts: readonly { user_id: string; thread: string; event_id: string }[];
  readonly role_changes: readonly { user_id: string; by_user: string; was: string; became: string }[];
}

/** One of the workspace's people, by its own API. */
export class WorkspaceUser {
  readonly userId: string;
  readonly #url: string;
  readonly #name: string;

  constructor(url: string, name: string, userId: string) {
    this.#url = url;
    this.#name = name;
    this.userId = userId;
  }

  /** @returns status and body; a body of bytes is sent as it is. */
  async ask(method: string, path: string, body?: unknown, type = 'application/json') {
    const answer = await fetch(`${this.#url}/api${path}`, {
      method,
      headers: { 'x-workspace-user': this.#name, ...(body === undefined ? {} : { 'content-type': type }) },
      body: body === undefined ? null : body instanceof Uint8Array ? (body as BodyInit) : JSON.stringify(body),
    });
    return { status: answer.status, bytes: Buffer.from(await answer.arrayBuffer()) };
  }

  /** @throws for an answer that is no success. */
  async call<T = Record<string, unknown>>(method: string, path: string, body?: unknown, type?: string): Promise<T> {
    const { status, bytes } = await this.ask(method, path, body, type);
    if (status !== 200) throw new Error(`${method} ${path}: ${status} ${bytes.toString()}`);
    return JSON.parse(bytes.toString()) as T;
  }

  room(roomId: string): Promise<ShownRoom> {
    return this.call('GET', `/rooms/${encodeURIComponent(roomId)}`);
  }

  async messages(roomId: string, query = ''): Promise<readonly ShownMessage[]> {
    const path = `/rooms/${encodeURIComponent(roomId)}/messages${query}`;
    return (await this.call<{ messages: ShownMessage[] }>('GET', path)).messages;
  }

  message(id: string, query = ''): Promise<ShownMessage> {
    return this.call('GET', `/messages/${encodeURIComponent(id)}${query}`);
  }

  say(roomId: string, said: object): Promise<ShownMessage> {
    return this.call('POST', `/rooms/${encodeURIComponent(roomId)}/messages`, said);
  }

  /** Waits until a message is shown, and as it should be. */
  sees(id: string, what: string, holds: (message: ShownMessage) => boolean = () => true): Promise<ShownMessage> {
    return until(`${what} in the workspace`, async () => {
      const message = await this.message(id);
      return holds(message) ? message : undefined;
    });
  }

  /** Waits until a room is as it should be. */
  seesRoom(roomId: string, what: string, holds: (room: ShownRoom) => boolean): Promise<ShownRoom> {
    return until(`${what} in the workspace`, async () => {
      const room = await this.room(roomId);
      return holds(room) ? room : undefined;
    });
  }
}

/** The example workspace as a process of its own. */
export class WorkspaceProcess {
  readonly url: string;
  readonly data: string;
  readonly #args: readonly string[];
  #child: ChildProcess | undefined;
  #output = '';

  private constructor({ port, data, eyrie }: { port: number; data: string; eyrie: Homeserver }) {
    this.url = `http://127.0.0.1:${port}`;
    this.data = data;
    const { clientUrl, serverName } = eyrie;
    this.#args = ['--homeserver', clientUrl, '--domain', serverName, '--port', `${port}`, '--data', data];
  }

  static async start(eyrie: Homeserver, data: string): Promise<WorkspaceProcess> {
    const [port = 0] = await freePorts(1);
    const workspace = new WorkspaceProcess({ port, data, eyrie });
    await workspace.restart();
    return workspace;
  }

  get output(): string {
    return this.#output;
  }

  /** What it wrote for Eyrie, and its secrets. */
  registration(): Record<string, unknown> & { as_token: string; hs_token: string } {
    const file = join(this.data, 'registrations', 'workspace.yaml');
    return JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown> & { as_token: string; hs_token: string };
  }

  /** @param more flags, for this time */
  async restart(...more: readonly string[]): Promise<void> {
    const child = spawn(process.execPath, [main, ...this.#args, ...more], { stdio: ['ignore', 'pipe', 'pipe'] });
    running.add(child);
    this.#child = child;
    let isReady = false;
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      this.#output += text;
      isReady ||= text.includes('is ready');
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => (this.#output += text));
    await until('the workspace to be ready', () => {
      if (child.exitCode !== null) throw new Error(`The workspace ended:\n${this.#output}`);
      return isReady;
    });
  }

  /** Ends it without asking, and waits until it has. */
  async kill(): Promise<void> {
    const child = this.#child;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGKILL');
    await ended;
    running.delete(child);
  }

  /** Makes one of its people. */
  async person(name: string): Promise<WorkspaceUser> {
    const anybody = new WorkspaceUser(this.url, '', '');
    const { user } = await anybody.call<{ user: string }>('POST', '/people', { name, display_name: `${name} of ours` });
    return new WorkspaceUser(this.url, name, user);
  }

  /** Reads its database. */
  rows<T>(sql: string, ...values: string[]): T[] {
    const database = new DatabaseSync(join(this.data, 'workspace.db'), { readOnly: true });
    try {
      return database.prepare(sql).all(...values) as T[];
    } finally {
      database.close();
    }
  }
}
