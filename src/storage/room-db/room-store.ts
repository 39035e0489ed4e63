import { RETENTION } from '../../matrix/visibility/lifetime.ts';
import { roomVersionRules } from '../../matrix/room-versions/versions.ts';
import type { RoomVersionRules } from '../../matrix/room-versions/rules.ts';
import type { RoomStore } from '../../room/store.ts';
import type { Sql } from '../sql.ts';
import { ErasureRepository } from './erasure-repository.ts';
import { AnswerRepository } from './answer-repository.ts';
import { CountedSql } from './counted-sql.ts';
import { EventRepository } from './event-repository.ts';
import { ExtremityRepository } from './extremity-repository.ts';
import { HistoryRepository } from './history-repository.ts';
import { JoinEventRepository } from './join-event-repository.ts';
import { LocalUserRepository } from './local-user-repository.ts';
import { MetaRepository } from './meta-repository.ts';
import { ParkedRepository } from './parked-repository.ts';
import { PreparedRepository } from './prepared-repository.ts';
import { ReceiptRepository } from './receipt-repository.ts';
import { ReceiverRepository } from './receiver-repository.ts';
import { RecentRepository } from './recent-repository.ts';
import { rejectedBounds, type RejectedBounds } from './rejected-repository.ts';
import { RelationRepository } from './relation-repository.ts';
import { noDefault, RetentionRepository, type Ageing } from './retention-repository.ts';
import { SagaRepository } from './saga-repository.ts';
import { fullBytes, SpaceRepository } from './space-repository.ts';
import { StateLookupRepository } from './state-lookups.ts';
import { StateRepository } from './state-repository.ts';
import { StreamRepository } from './stream-repository.ts';
import { TransactionRepository } from './transaction-repository.ts';

export interface SqlRoomStore extends RoomStore {
  /** The rules of the room's version; throws before birth. */
  rules(): RoomVersionRules;
  /** Drops all that is cached: after a transaction was rolled back. */
  forget(): void;
}

/** What others may make a room keep. */
export interface RoomBounds extends RejectedBounds {
  /** At this size the room refuses events of whoever fills it. */
  readonly full: number;
}

const roomBounds: RoomBounds = { ...rejectedBounds, full: fullBytes };

/** All repositories of one room over one database. */
export function sqlRoomStore(storage: Sql, bounds: RoomBounds = roomBounds, ageing: Ageing = noDefault): SqlRoomStore {
  const sql = new CountedSql(storage);
  const meta = new MetaRepository(sql);
  const rules = (): RoomVersionRules => {
    const found = roomVersionRules(meta.roomVersion());
    if (found === undefined) throw new Error(`unknown room version ${meta.roomVersion()} in storage`);
    return found;
  };
  const relations = new RelationRepository(sql);
  const events = new EventRepository(
    sql,
    rules,
    () => meta.roomId(),
    (event) => {
      relations.note(event);
      // The stream does not say so.
      if (event.isExpired) recent.forget();
      // It may have been redacted.
      if (event.pdu.type === RETENTION) retention.forget();
    },
    bounds,
  );
  const extremities = new ExtremityRepository(sql);
  const state = new StateRepository(sql, () => retention.forget());
  const stream = new StreamRepository(sql);
  const retention = new RetentionRepository(sql, ageing, () => {
    const eventId = state.at(RETENTION, '', stream.head());
    return eventId === undefined ? undefined : events.get(eventId)?.pdu.content;
  });
  const localUsers = new LocalUserRepository(sql);
  const transactions = new TransactionRepository(sql);
  const receivers = new ReceiverRepository(sql);
  const parked = new ParkedRepository(sql);
  const recent = new RecentRepository(sql);
  const erasures = new ErasureRepository(sql);
  const prepared = new PreparedRepository(sql);
  const caches = [
    erasures,
    meta,
    events,
    extremities,
    state,
    stream,
    localUsers,
    receivers,
    parked,
    recent,
    retention,
    prepared,
  ];
  return {
    meta,
    events,
    extremities,
    state,
    stateLookups: new StateLookupRepository(sql),
    stream,
    localUsers,
    transactions,
    receivers,
    sagas: new SagaRepository(sql),
    parked,
    joinEvents: new JoinEventRepository(sql),
    erasures,
    history: new HistoryRepository(sql),
    recent,
    receipts: new ReceiptRepository(sql),
    relations,
    retention,
    space: new SpaceRepository(sql, bounds.full),
    answers: new AnswerRepository(sql),
    prepared,
    rules,
    forget: () => {
      for (const cache of caches) cache.forget();
    },
  };
}
