import type { ClientEvent, MatrixClient, SyncResponse } from '../../test/support/node/matrix-client.ts';
import { KeepAliveClient } from './keep-alive-client.ts';

const LIMIT = 100;
const POLL_MS = 10_000;
const FILTER = JSON.stringify({ room: { timeline: { limit: LIMIT } }, presence: { not_types: ['*'] } });

/** A client that long-polls `/sync`, over a connection of its own. */
export class SyncClient {
  readonly connection: KeepAliveClient;
  #since = '';

  private constructor(connection: KeepAliveClient) {
    this.connection = connection;
  }

  /** Has everything that is there when it resolves. */
  static async open(client: MatrixClient): Promise<SyncClient> {
    const sync = new SyncClient(new KeepAliveClient(client.baseUrl, client.accessToken));
    await sync.poll(0);
    return sync;
  }

  /** Waits for news. @returns what came, or an empty response after `timeoutMs`. */
  async poll(timeoutMs = POLL_MS): Promise<SyncResponse> {
    const since = this.#since === '' ? '' : `&since=${encodeURIComponent(this.#since)}`;
    const path = `/sync?timeout=${timeoutMs}&filter=${encodeURIComponent(FILTER)}${since}`;
    const response = await this.connection.ask<SyncResponse>('GET', path);
    this.#since = response.next_batch;
    return response;
  }
}

/** The timeline events of one room in a response. */
export function timelineOf(response: SyncResponse, roomId: string): readonly ClientEvent[] {
  return response.rooms?.join?.[roomId]?.timeline.events ?? [];
}
