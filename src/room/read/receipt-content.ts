import type { JsonObject } from '../../matrix/json/json-value.ts';
import type { ReceiptRow } from '../store.ts';

/** The content of an `m.receipt` event; `undefined` for none. Source: Client-Server API, "Receipts". */
export function receiptContent(rows: readonly ReceiptRow[]): JsonObject | undefined {
  if (rows.length === 0) return undefined;
  const content: Record<string, Record<string, Record<string, JsonObject>>> = {};
  for (const { eventId, type, userId, ts, threadId } of rows) {
    const byType = (content[eventId] ??= {});
    const byUser = (byType[type] ??= {});
    byUser[userId] = threadId === '' ? { ts } : { ts, thread_id: threadId };
  }
  return content;
}
