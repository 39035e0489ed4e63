import {
  createClient,
  ClientEvent,
  type MatrixClient,
  PendingEventOrdering,
  type Room,
  SyncState,
} from 'matrix-js-sdk';
import { SlidingSync, type MSC3575List } from 'matrix-js-sdk/lib/sliding-sync.js';

import type { Credentials } from './chat-client.ts';
import { silent } from './js-sdk.ts';

const TIMEOUT_MS = 20_000;
/** What web clients ask for of every room. */
const REQUIRED_STATE = [
  ['m.room.create', ''],
  ['m.room.name', ''],
  ['m.room.topic', ''],
  ['m.room.power_levels', ''],
  ['m.room.encryption', ''],
  ['m.room.member', '$ME'],
  ['m.room.member', '$LAZY'],
];

/** A connection of sliding sync with one list, `all`. */
export function slidingSyncOf(client: MatrixClient, list: Partial<MSC3575List> = {}): SlidingSync {
  const all = { ranges: [[0, 0]], timeline_limit: 1, required_state: REQUIRED_STATE, ...list };
  const subscription = { timeline_limit: 20, required_state: REQUIRED_STATE };
  return new SlidingSync(client.getHomeserverUrl(), new Map([['all', all]]), subscription, client, TIMEOUT_MS);
}

/** A device of matrix-js-sdk that gets everything by sliding sync. */
export class SlidingJsSdkClient {
  readonly client: MatrixClient;
  readonly sliding: SlidingSync;

  constructor(credentials: Credentials, list: Partial<MSC3575List> = {}) {
    this.client = createClient({ ...credentials, logger: silent, timelineSupport: true });
    this.sliding = slidingSyncOf(this.client, list);
  }

  async start(): Promise<void> {
    const upToDate = new Promise<void>((resolve) => {
      this.client.on(ClientEvent.Sync, (state) => {
        if (state === SyncState.Syncing || state === SyncState.Prepared) resolve();
      });
    });
    await this.client.startClient({
      slidingSync: this.sliding,
      threadSupport: true,
      pendingEventOrdering: PendingEventOrdering.Detached,
    });
    await upToDate;
  }

  stop(): void {
    this.client.stopClient();
  }

  room(roomId: string): Room | undefined {
    return this.client.getRoom(roomId) ?? undefined;
  }

  /** What the live timeline has of messages. */
  texts(roomId: string): string[] {
    const events = this.room(roomId)?.getLiveTimeline().getEvents() ?? [];
    return events
      .filter((event) => event.getType() === 'm.room.message')
      .map((event) => (event.getContent() as { readonly body: string }).body);
  }
}
