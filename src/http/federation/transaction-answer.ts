import type { ServerName } from '../../matrix/ids/brands.ts';
import { pduAnswer } from './pdu-answer.ts';

/** PDUs in the form of a transaction. Source: Server-Server API, `GET /event/{eventId}`, `GET /backfill/{roomId}`. */
export const transactionAnswer = (serverName: ServerName, now: number, pdus: readonly string[]): Response =>
  pduAnswer({ origin: JSON.stringify(serverName), origin_server_ts: String(now), pdus });
