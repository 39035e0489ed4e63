import type { Env } from '../../config.ts';
import type { UserId } from '../../matrix/ids/brands.ts';
import type { Profile } from '../../user/devices/device-store.ts';
import { deactivateUser } from '../../user/devices/deactivate-user.ts';
import { newUser } from '../../user/devices/new-user.ts';
import { requireRoomInProfile } from '../../user/profile/whole-profile.ts';
import { orderRoomJob, runRoomJobs } from '../../user/room-jobs/room-jobs.ts';
import type { RoomJobOrder } from '../../user/room-jobs/room-job-store.ts';
import { actingAs } from '../acting.ts';
import { roomPages } from '../../storage/d1/room-pages.ts';
import { answer } from '../call.ts';
import type { Duty } from '../schedule.ts';
import { objectStubs } from '../objects.ts';
import { roomClient } from '../room/client.ts';
import { settingsOf } from '../settings.ts';
import { RoomTour } from './room-tour.ts';
import { roomWork } from './room-work.ts';
import type { DeactivateCall, SetProfileCall, UserRoomJobsRpc } from './rpc.ts';
import { DEVICE_LISTS } from './user-keys.ts';
import { PUSHES, UserPush } from './user-push.ts';

const DUTY = 'room-jobs';

/** Whoever orders a job may have its first rooms done at once; what they did not wait for begins after this. */
const BACKSTOP_MS = 2_000;

/** What changes of a user, and has to be done in all of their rooms: 20 at a time (contracts, section 6). */
export abstract class UserRoomJobs extends UserPush implements UserRoomJobsRpc {
  readonly #tour: RoomTour;

  constructor(state: DurableObjectState, env: Env) {
    super(state, env);
    const rooms = roomClient(objectStubs(env, this.config), settingsOf(env, this.config));
    this.#tour = new RoomTour({
      rooms: roomPages(env.DB),
      visit: (roomId) => rooms.considerAges({ roomId }),
      schedule: this.schedule,
    });
  }

  async tourRooms({ settingsRevision }: { readonly settingsRevision: number }) {
    // The rooms are told of it, in turn.
    settingsOf(this.env, this.config).hear(settingsRevision);
    return this.write({}, (now) => this.#tour.begin(now));
  }

  async setProfile(call: SetProfileCall) {
    return this.write(call, (now) => {
      const user = this.people.user(call.userId) ?? newUser(call.userId);
      const stores = { people: this.people, fields: this.profileFields };
      if (call.value !== undefined) requireRoomInProfile(stores, call.userId, call.field, call.value);
      const { [call.field]: _old, ...others } = user.profile;
      const profile: Profile = call.value === undefined ? others : { ...others, [call.field]: call.value };
      this.people.putUser({ ...user, profile });
      this.tellRooms(call.userId, now, call.appservice);
      return profile;
    });
  }

  async deactivate(call: DeactivateCall) {
    return this.write(call, (now) => {
      deactivateUser({ ...this.deviceStores(), profileFields: this.profileFields, backups: this.backups }, call.userId);
      this.jobs.drop('profile', call.userId);
      const order = { userId: call.userId, appservice: undefined };
      if (call.erase) this.#order({ kind: 'erasure', ...order }, now);
      this.#order({ kind: 'departure', ...order }, now);
    });
  }

  async runRoomJobs({ userId }: { readonly userId: UserId }) {
    if (this.isBorn()) await this.#run(userId);
    return answer(() => {});
  }

  override async alarm(): Promise<void> {
    if (!this.isBorn()) return;
    await this.schedule.run(
      () => Date.now(),
      async (duty) => {
        if (duty.kind === PUSHES) return this.goOnWithPushes();
        if (this.#tour.owns(duty)) return this.#tour.attend(duty);
        if (duty.kind === DEVICE_LISTS) return this.goOnAnnouncing(duty.key as UserId);
        if (duty.kind !== DUTY) return this.otherDuty(duty);
        await this.#run();
        return this.jobs.next();
      },
    );
  }

  /** A duty of another kind. @returns when (ms) it is due again. */
  protected abstract otherDuty(duty: Duty): Promise<number | undefined> | number | undefined;

  /** Has all rooms of the user hear what is so of them now: their profile, and whether they are a guest. */
  protected tellRooms(userId: UserId, now: number, appservice?: string): void {
    this.#order({ kind: 'profile', userId, appservice }, now);
  }

  #order(order: RoomJobOrder, now: number): void {
    orderRoomJob({ jobs: this.jobs, progress: this.progress }, order, now);
    this.schedule.set(DUTY, '', now + BACKSTOP_MS);
  }

  #run(userId?: UserId): Promise<void> {
    const work = roomWork(this.env, this.config);
    return runRoomJobs(
      this.jobs,
      (job) => {
        const doIt = () => work(job, this.people.user(job.userId) ?? newUser(job.userId));
        return job.appservice === undefined ? doIt() : actingAs(job.appservice, doIt);
      },
      () => Date.now(),
      userId,
    );
  }
}
