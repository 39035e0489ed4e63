import { invalidParam, limitExceeded, notFound } from '../matrix/error.ts';
import type { ClientEventWithoutRoomId } from '../matrix/event/client-event.ts';
import type { EventId, RoomId, ServerName, UserId } from '../matrix/ids/brands.ts';
import { userIdServer } from '../matrix/ids/user-id.ts';

/** What somebody found inappropriate. */
export interface Report {
  readonly reporter: UserId;
  readonly roomId: RoomId | undefined;
  readonly eventId: EventId | undefined;
  /** Who is reported: of an event, its sender. */
  readonly userId: UserId | undefined;
  readonly reason: string;
  /** The event as the reporter saw it, as JSON. */
  readonly event: string | undefined;
}

export interface KeptReport extends Report {
  readonly id: number;
  /** Milliseconds since the epoch. */
  readonly ts: number;
}

/** Where reports are, for administrators. */
export interface ReportStore {
  /** A later report of the same replaces it. @returns false where the reporter has `most` open already. */
  add(report: Report, most: number): Promise<boolean>;
  /** The newest first, below an ID; without the events. */
  list(below: number | undefined, limit: number): Promise<readonly KeptReport[]>;
  get(id: number): Promise<KeptReport | undefined>;
  /** It is dealt with: in the audit log too, in the same transaction. @returns false if there was none. */
  remove(id: number, by: UserId): Promise<boolean>;
}

export interface ReportDeps {
  readonly serverName: ServerName;
  readonly reports: Pick<ReportStore, 'add'>;
  readonly registry: { has(roomId: RoomId): Promise<boolean> };
  readonly room: {
    isJoined(call: { readonly roomId: RoomId; readonly userId: UserId }): Promise<boolean | undefined>;
    readEvent(call: {
      readonly roomId: RoomId;
      readonly userId: UserId;
      readonly scope: string;
      readonly eventId: EventId;
    }): Promise<ClientEventWithoutRoomId>;
  };
  /** `undefined`: there is no such account here. */
  readonly shardOf: (userId: UserId) => Promise<string | undefined>;
}

const MAX_REASON = 2_000;
/** Reports of one user that wait for an administrator. */
const MAX_OPEN = 500;

/**
 * Reports an event that the reporter sees. Throws `M_NOT_FOUND` also for who is not joined, `M_INVALID_PARAM`,
 * `M_LIMIT_EXCEEDED`. Source: Client-Server API, "Reporting Content".
 */
export async function reportEvent(
  deps: ReportDeps,
  { reporter, scope }: { readonly reporter: UserId; readonly scope: string },
  { roomId, eventId, reason }: { readonly roomId: RoomId; readonly eventId: EventId; readonly reason: string },
): Promise<void> {
  const isJoined = (await deps.registry.has(roomId)) && (await deps.room.isJoined({ roomId, userId: reporter }));
  if (isJoined !== true) throw notFound('There is no such event, or you are not in the room');
  const { unsigned: _, ...event } = await deps.room.readEvent({ roomId, userId: reporter, scope, eventId });
  await keep(deps, { reporter, roomId, eventId, userId: event.sender, reason, event: JSON.stringify(event) });
}

/** Reports a room, known here or not. Throws `M_INVALID_PARAM`, `M_LIMIT_EXCEEDED`. */
export const reportRoom = (deps: ReportDeps, reporter: UserId, roomId: RoomId, reason: string): Promise<void> =>
  keep(deps, { reporter, roomId, eventId: undefined, userId: undefined, reason, event: undefined });

/** Reports a user of any server. Throws `M_NOT_FOUND` for one who is not here but should be, and as above. */
export async function reportUser(deps: ReportDeps, reporter: UserId, userId: UserId, reason: string): Promise<void> {
  if (userIdServer(userId) === deps.serverName && (await deps.shardOf(userId)) === undefined) {
    throw notFound('There is no such user');
  }
  await keep(deps, { reporter, roomId: undefined, eventId: undefined, userId, reason, event: undefined });
}

async function keep({ reports }: ReportDeps, report: Report): Promise<void> {
  if (report.reason.length > MAX_REASON) throw invalidParam(`reason may have at most ${MAX_REASON} characters`);
  if (await reports.add(report, MAX_OPEN)) return;
  throw limitExceeded('Your earlier reports have to be looked at first', { retry_after_ms: 3_600_000 });
}
