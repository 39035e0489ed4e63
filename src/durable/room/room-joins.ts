import { adoptJoinedVersion } from '../../room/lifecycle.ts';
import { finishJoin } from '../../room/join/finish-join.ts';
import { settleJoin, takeJoinEvents } from '../../room/join/join-events.ts';
import { failJoin, isRunning, startJoin, type FailedServer, type JoinRun } from '../../room/join/join-saga.ts';
import type { UserId } from '../../matrix/ids/brands.ts';
import { grantingServers } from '../../room/membership/authorise-join.ts';
import type { FinishJoinCall, RoomCall, StartJoinCall, TakeJoinEventsCall } from './rpc.ts';
import { RoomServers } from './room-servers.ts';

/** The steps of the saga by which a room of other servers becomes one of ours (contracts, section 3). */
export abstract class RoomJoins extends RoomServers {
  grantingServers({ userId, shard, ...call }: RoomCall & { readonly userId: UserId; readonly shard: string }) {
    return this.write(call, (ctx) => {
      ctx.store.localUsers.setShard(userId, shard);
      return grantingServers(ctx);
    });
  }

  startJoin(call: StartJoinCall) {
    return this.writeAtBirth(call, adoptJoinedVersion, (ctx) => {
      const run = startJoin(ctx, { ...call, pdu: this.pdu(call.pdu) });
      this.handshakes.joinIsWorkedOn(ctx.now);
      return run;
    });
  }

  renewJoin(call: RoomCall & JoinRun) {
    return this.write(call, ({ store, now }) => {
      const counts = isRunning(store, call.run);
      if (counts) this.handshakes.joinIsWorkedOn(now);
      return counts;
    });
  }

  takeJoinEvents(call: TakeJoinEventsCall) {
    return this.write(call, (ctx) => {
      const events = call.events.map(({ unverified, ...checked }) => ({
        pdu: this.pdu(checked),
        ...(unverified === undefined ? {} : { unverified }),
      }));
      takeJoinEvents(ctx, { ...call, events });
    });
  }

  settleJoin(call: RoomCall & JoinRun & { readonly offset: number }) {
    return this.write(call, (ctx) => settleJoin(ctx, { ...call, read: (row) => this.pduOf(row) }));
  }

  finishJoin(call: FinishJoinCall) {
    return this.write(call, (ctx) => {
      const sent = finishJoin(ctx, { ...call, pdu: this.pdu(call.pdu) });
      this.handshakes.joinHasEnded(ctx);
      return sent;
    });
  }

  failJoin(call: RoomCall & FailedServer) {
    return this.write(call, (ctx) => {
      const goesOn = failJoin(ctx, call);
      this.handshakes.joinHasFailed(ctx, goesOn);
      return goesOn;
    });
  }
}
