import type { Config, Env } from '../../config.ts';
import { appserviceClient } from '../appservice/client.ts';
import { appservicesOf } from '../appservices.ts';
import { inTurns } from '../in-turns.ts';
import { objectStubs } from '../objects.ts';
import type { Appservice } from '../../appservice/appservices.ts';
import type { EphemeralOffer } from '../../appservice/sending/ports.ts';
import type { UserId } from '../../matrix/ids/brands.ts';
import { presenceContent } from '../../sync/presence-content.ts';
import type { PostedPresence } from '../../user/presence/presence-board.ts';
import type { Schedule } from '../schedule.ts';
import { withinTime } from '../within-time.ts';
import type { Acted, TypingChange } from './rpc.ts';

/** The duty that tells application services how far the log goes, where nobody else did. */
export const APPSERVICES = 'appservices';
const BACKSTOP_MS = 30_000;
const CALL_TIMEOUT_MS = 10_000;
const AT_ONCE = 16;
/** Typing is said again and again, or ends by itself. */
const TYPING_LIFE_MS = 60_000;
const PRESENCE_LIFE_MS = 3_600_000;

/** Tells the objects of application services that the log of the shard goes on: they come and look. */
export class AppserviceNotices {
  readonly #env: Env;
  readonly #config: Config;
  readonly #schedule: Schedule;
  readonly #head: () => number;
  /** How far each was told, as far as this instance knows. */
  readonly #told = new Map<string, number>();
  #running: Promise<boolean> | undefined;
  #isAsked = false;

  constructor(env: Env, config: Config, schedule: Schedule, head: () => number) {
    this.#env = env;
    this.#config = config;
    this.#schedule = schedule;
    this.#head = head;
  }

  /** The log goes on. Runs in the transaction that is open; makes no call where no application service is known. */
  note(shard: string, now: number): void {
    const known = appservicesOf(this.#env, this.#config).known();
    if (known?.length !== 0) this.#schedule.setIfAbsent(APPSERVICES, shard, now + BACKSTOP_MS);
  }

  /** The same where the log has nothing but news of devices: for those that are told of these. */
  noteDevices(shard: string, now: number): void {
    if (this.#mayWantDevices()) this.#schedule.setIfAbsent(APPSERVICES, shard, now + BACKSTOP_MS);
  }

  /** Tells of news of devices, where somebody may want to know. Never rejects. */
  async tellOfDevices(shard: string): Promise<void> {
    if (this.#mayWantDevices()) await this.tell(shard);
  }

  /** Whether one of these is told whose keys are taken; where none is known yet, it may be. */
  mayWantKeyUses(userId: UserId): boolean {
    return this.#mayWantDevices((appservice) => appservice.ownsUser(userId));
  }

  #mayWantDevices(isOne: (appservice: Appservice) => boolean = () => true): boolean {
    const known = appservicesOf(this.#env, this.#config).known();
    return known?.some((one) => one.registration.receivesDeviceChanges && isOne(one)) !== false;
  }

  /** Tells all who do not know yet; what comes meanwhile goes along. @returns whether all know. Never rejects. */
  tell(shard: string): Promise<boolean> {
    this.#isAsked = true;
    this.#running ??= this.#tellAll(shard);
    return this.#running;
  }

  /** The duty. @returns when it is due again (ms). */
  async attend(shard: string): Promise<number | undefined> {
    return (await this.tell(shard)) ? undefined : Date.now() + BACKSTOP_MS;
  }

  /** The IDs of all, as far as is known. */
  registered(): readonly string[] | undefined {
    return appservicesOf(this.#env, this.#config)
      .known()
      ?.map(({ id }) => id);
  }

  /** Who types in a room. */
  typing({ roomId, userIds, appservice }: TypingChange): Promise<void> {
    return this.#offer(() => [
      {
        key: `typing ${roomId}`,
        event: { type: 'm.typing', room_id: roomId, content: { user_ids: userIds } },
        roomIds: [roomId],
        by: appservice,
        expiresAt: Date.now() + TYPING_LIFE_MS,
      },
    ]);
  }

  /** How users are: those of the shard, or of another server. */
  presence(posted: readonly (PostedPresence & Acted)[]): Promise<void> {
    return this.#offer(() =>
      posted.map(({ presence, roomIds, appservice }) => ({
        key: `presence ${presence.userId}`,
        event: { type: 'm.presence', sender: presence.userId, content: presenceContent(presence, Date.now()) },
        roomIds,
        userId: presence.userId,
        by: appservice,
        expiresAt: Date.now() + PRESENCE_LIFE_MS,
      })),
    );
  }

  /** Whether there is one that is told how users are, as far as is known. */
  areWanted(): boolean {
    return this.#wanting().length > 0;
  }

  #wanting() {
    const known = appservicesOf(this.#env, this.#config).known() ?? [];
    return known.filter(({ registration }) => registration.receivesEphemeral);
  }

  /** Never rejects: what is lost is told again when it changes. */
  async #offer(make: () => readonly EphemeralOffer[]): Promise<void> {
    const wanting = this.#wanting();
    if (wanting.length === 0) return;
    const offers = make();
    const client = appserviceClient(objectStubs(this.#env, this.#config));
    await inTurns(AT_ONCE, wanting, ({ id }) => withinTime(CALL_TIMEOUT_MS, client.ephemeral(id, offers)));
  }

  async #tellAll(shard: string): Promise<boolean> {
    // Begins in a turn of its own, so that `#running` is set before it can end.
    await Promise.resolve();
    try {
      let allKnow = true;
      while (this.#isAsked) {
        this.#isAsked = false;
        allKnow = await this.#tellOnce(shard);
      }
      return allKnow;
    } catch {
      return false;
    } finally {
      this.#running = undefined;
    }
  }

  async #tellOnce(shard: string): Promise<boolean> {
    const all = await withinTime(CALL_TIMEOUT_MS, appservicesOf(this.#env, this.#config).all());
    const client = appserviceClient(objectStubs(this.#env, this.#config));
    const told = await inTurns(AT_ONCE, all, async ({ id }) => {
      const head = this.#head();
      if ((this.#told.get(id) ?? 0) >= head) return;
      await withinTime(CALL_TIMEOUT_MS, client.moved(id, shard, head));
      this.#told.set(id, head);
    });
    return told.length === all.length;
  }
}
