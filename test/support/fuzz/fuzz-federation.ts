import { readFileSync } from 'node:fs';

import type { ServerName } from '../../../src/matrix/ids/brands.ts';
import { aServer, type TestServer } from '../core/test-keys.ts';
import { startEyrie, type EyrieServer } from '../node/eyrie-server.ts';
import { MatrixClient } from '../node/matrix-client.ts';
import { until } from '../node/until.ts';
import { TestAuthority } from '../node/test-authority.ts';
import { Random } from '../simulator/random.ts';
import { answerFault } from '../worker/fuzz/answer-fault.ts';
import { aFederationRequest, type FederationWorld, type SharedRoom } from '../worker/fuzz/federation-requests.ts';
import { oddString } from '../worker/fuzz/odd-values.ts';
import { FakeNetwork } from './fake-network.ts';
import { FederationCaller, type Answered, type Asked } from './federation-caller.ts';
import { joinAsPeer } from './join-as-peer.ts';
import { grown, hasDuties, storedRows } from './stored-rows.ts';

/** What was looked at, and what was wrong with it. */
export interface Finding {
  readonly name: string;
  readonly faults: readonly string[];
}

interface Options {
  readonly requests: number;
  readonly seed: number;
  readonly say: (line: string) => void;
}

const MAX_ANSWER_MS = 2_000;
const MAX_GROWTH_MB = 64;
/** Requests after which the memory is looked at first. */
const WARM = 10_000;
/** One in so many requests is of a caller who cannot prove who it is. */
const STRANGERS = 20;
const AT_ONCE = 4;
/** Nothing is on its way when no object has a duty left and nothing was written for so long. */
const QUIET_MS = 3_000;
/** What a stop of the server cut short is delivered by the backstop of the rooms, half a minute later. */
const QUIET_WITHIN_MS = 180_000;
/** Objects that nobody asks are closed within a quarter of a minute. */
const GIVEN_BACK_WITHIN_MS = 60_000;
/** Lines of what a server printed that ended. */
const SHOWN_OUTPUT = 60;
const VERSIONS = ['1', '3', '6', '10', '11', '12'];

interface Operation {
  readonly method: string;
  readonly path: string;
  /** Whether the specification asks for a signed request. */
  readonly signed: boolean;
}

/** Every operation of the specification, and two that it held once and peers still call. */
function everyOperation(): readonly Operation[] {
  const file = new URL('../../fixtures/federation-operations.json', import.meta.url);
  const known = JSON.parse(readFileSync(file, 'utf8')) as readonly Operation[];
  const removed = ['send_join', 'send_leave'].map((name) => ({
    method: 'PUT',
    path: `/_matrix/federation/v1/${name}/{roomId}/{eventId}`,
    signed: true,
  }));
  return [...known, ...removed].map((operation) => ({
    ...operation,
    path: operation.path.replaceAll(/\{(\w+)\}/g, ':$1'),
  }));
}

/** Asks every route for other servers, as a peer that is in rooms, and as strangers; the seed determines all of it. */
export async function fuzzFederation(options: Options): Promise<readonly Finding[]> {
  const authority = await TestAuthority.make();
  const network = await FakeNetwork.open(2, authority);
  const { cert, key } = await authority.certificate();
  const server = await startEyrie({ tlsCert: cert, tlsKey: key, env: { NODE_EXTRA_CA_CERTS: authority.caFile } });
  const caller = new FederationCaller(server, authority.caPem);
  try {
    return await new Fuzzer(options, server, network, caller).run();
  } finally {
    caller.close();
    await server.remove();
    await network.close();
  }
}

class Fuzzer {
  readonly #options: Options;
  readonly #server: EyrieServer;
  readonly #network: FakeNetwork;
  readonly #caller: FederationCaller;
  readonly #random: Random;
  readonly #operations = everyOperation();
  readonly #faults = new Map<string, string[]>();
  #sent = 0;
  #warmMb: number | undefined;
  #slowestMs = 0;

  constructor(options: Options, server: EyrieServer, network: FakeNetwork, caller: FederationCaller) {
    this.#options = options;
    this.#server = server;
    this.#network = network;
    this.#caller = caller;
    this.#random = new Random(options.seed);
  }

  async run(): Promise<readonly Finding[]> {
    const { requests, say } = this.#options;
    const client = await new MatrixClient(this.#server.clientUrl).register('alice');
    const world = await this.#shareRooms(client);
    const strangers = Math.floor(requests / STRANGERS);
    const before = await this.#quietRows();
    const workerd = this.#server.pid('workerd');
    await this.#many(strangers, () => this.#askAsStranger(world));
    const kept = grown(before, storedRows(this.#server.data));
    await this.#many(requests - strangers, () => this.#askAsPeer(world));
    const memory = await this.#memoryFindings();
    const unread = await this.#unreadableRooms(client, world);
    const ended =
      this.#server.pid('workerd') === workerd ? [] : this.#server.process.output.split('\n').slice(-SHOWN_OUTPUT);
    say(`${this.#sent} requests, the slowest answered after ${Math.round(this.#slowestMs)} ms`);
    const routes = this.#operations.map(({ method, path }) => {
      const name = `${method} ${path}`;
      return { name, faults: this.#faults.get(name) ?? [] };
    });
    return [
      ...routes,
      { name: 'nothing is kept of callers who cannot prove who they are', faults: kept },
      { name: 'the memory of the server does not grow', faults: memory },
      { name: 'the server does not end', faults: ended },
      { name: 'the rooms can be read and spoken in', faults: unread },
    ];
  }

  /** What is stored once nothing is on its way any more. */
  async #quietRows(): Promise<ReadonlyMap<string, number>> {
    let rows = storedRows(this.#server.data);
    let lookedAt = performance.now();
    await until(
      'nothing to be written any more',
      () => {
        if (performance.now() - lookedAt < QUIET_MS) return false;
        const earlier = rows;
        rows = storedRows(this.#server.data);
        lookedAt = performance.now();
        return !hasDuties(rows) && grown(earlier, rows).length + grown(rows, earlier).length === 0;
      },
      QUIET_WITHIN_MS,
    );
    return rows;
  }

  async #shareRooms(client: MatrixClient): Promise<FederationWorld> {
    const [peer] = this.#network.servers;
    if (peer === undefined) throw new Error('nobody is there');
    const theirs = `@eve:${peer.name}`;
    const rooms: SharedRoom[] = [];
    for (const version of VERSIONS) {
      const roomId = await client.createRoom({ preset: 'public_chat', room_version: version });
      const send = (method: string, target: string, body: string | undefined) =>
        this.#caller.as(peer, { method, target, body });
      rooms.push(await joinAsPeer(send, { roomId, version, peer, userId: theirs }));
      await client.send(roomId, 'welcome');
    }
    // What belongs to the peer, its keys too, is to be there before anybody claims to be it.
    await this.#server.restart();
    await this.#caller.as(peer, {
      method: 'GET',
      target: `/_matrix/federation/v1/query/profile?user_id=${client.userId}`,
    });
    return { peer, theirs, ours: client.userId, rooms };
  }

  /** Some at once, as peers do. */
  async #many(count: number, ask: () => Promise<void>): Promise<void> {
    let left = count;
    const one = async (): Promise<void> => {
      while (left > 0) {
        left -= 1;
        await ask();
        this.#sent += 1;
        if (this.#sent % WARM === 0) this.#lookAtMemory();
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, one));
  }

  async #askAsPeer(world: FederationWorld): Promise<void> {
    const operation = this.#random.pick(this.#operations);
    const asked = aFederationRequest(this.#random, operation, world);
    const signer = this.#random.chance(0.9) ? world.peer : this.#random.pick(this.#network.servers);
    await this.#judge(operation, { ...asked, authorization: this.#caller.signatureOf(asked, signer) });
  }

  async #askAsStranger(world: FederationWorld): Promise<void> {
    const operation = this.#random.pick(this.#operations);
    const asked = aFederationRequest(this.#random, operation, world);
    const answered = await this.#judge(operation, { ...asked, authorization: this.#forged(asked, world) });
    // Of two routes with parts that are free, the one may be asked by the other's name.
    const isOpen = !operation.signed || (asked.method === 'GET' && /key\/v2|version|well-known/.test(asked.target));
    if (answered.status < 300 && !isOpen) this.#fault(operation, `${answered.status} for a stranger: ${asked.target}`);
  }

  /** No header, a header that is none, or one that anybody can write. */
  #forged(asked: Asked, { peer, ours }: FederationWorld): string | undefined {
    const random = this.#random;
    const forger: TestServer = aServer('forger.invalid:443');
    const made = `made-up-${random.below(50)}.invalid:8448` as ServerName;
    const names = [
      ...this.#network.servers.map(({ name }) => name),
      this.#network.dead,
      made,
      ours.slice(ours.indexOf(':') + 1),
    ];
    const signed = () => this.#caller.signatureOf(asked, forger, random.pick(names) as ServerName);
    return random.pick([
      () => undefined,
      () => `X-Matrix ${encodeURIComponent(oddString(random).slice(0, 200).toWellFormed())}`,
      () => `X-Matrix origin=${peer.name},key="ed25519:1",sig="c2ln"`,
      () => signed().replace('ed25519:1', 'ed25519:other'),
      signed,
      signed,
    ])();
  }

  async #judge(operation: Operation, asked: Asked): Promise<Answered> {
    const answered = await this.#caller.ask(asked);
    const { status, text, ms } = answered;
    this.#slowestMs = Math.max(this.#slowestMs, ms);
    // It has an exchange asked of whichever server the request names.
    const asksOthers = operation.path.endsWith('/3pid/onbind');
    const wrong =
      answerFault(status, text, asksOthers) ?? (ms > MAX_ANSWER_MS ? `answered after ${Math.round(ms)} ms` : undefined);
    if (wrong !== undefined) {
      this.#fault(
        operation,
        `${wrong}: ${text.slice(0, 200)} ← ${asked.target.slice(0, 300)} ${asked.body?.slice(0, 600) ?? ''}`,
      );
    }
    return answered;
  }

  #fault({ method, path }: Operation, what: string): void {
    const name = `${method} ${path}`;
    this.#faults.set(name, [...(this.#faults.get(name) ?? []), what]);
  }

  #lookAtMemory(): void {
    const now = this.#residentMb();
    this.#warmMb ??= now;
    this.#options.say(`${this.#sent} requests, ${Math.round(now)} MB resident`);
  }

  #residentMb(): number {
    const status = readFileSync(`/proc/${this.#server.pid('workerd')}/status`, 'utf8');
    return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 'NaN') / 1_024;
  }

  /** What rooms hold while they are asked is theirs until nobody asks them any more. */
  async #memoryFindings(): Promise<readonly string[]> {
    const then = this.#warmMb;
    if (then === undefined) return [];
    const isGivenBack = () => this.#residentMb() - then <= MAX_GROWTH_MB;
    try {
      await until('memory to be given back', isGivenBack, GIVEN_BACK_WITHIN_MS);
      return [];
    } catch {
      return [`${Math.round(then)} MB → ${Math.round(this.#residentMb())} MB`];
    }
  }

  async #unreadableRooms(client: MatrixClient, { rooms }: FederationWorld): Promise<readonly string[]> {
    const faults: string[] = [];
    for (const { roomId } of rooms) {
      try {
        await client.send(roomId, 'and it goes on');
        await client.messages(roomId, { limit: 100 });
        await client.sync();
      } catch (error) {
        faults.push(`${roomId}: ${String(error)}`);
      }
    }
    return faults;
  }
}
