import type { DeviceNews } from '../device-lists/device-news.ts';
import { movesAfter, type Moves } from '../progress/moves.ts';
import type { ProgressStore } from '../progress/store.ts';
import type { AppserviceMessageStore, NumberedMessage } from './appservice-message-store.ts';

export interface MovesQuery {
  readonly seq: number;
  /** Who asks, and up to which message it has everything; left out where messages are not wanted. */
  readonly messages?: { readonly appserviceId: string; readonly after: number; readonly limit?: number };
  /** News of devices behind this `seq`; left out where they are not wanted. */
  readonly devices?: number;
}

/** Which rooms moved, and what came for devices meanwhile. */
export interface AppserviceMoves extends Moves {
  readonly messages: readonly NumberedMessage[];
  /** Whether there are more messages than these. */
  readonly goesOn: boolean;
  readonly devices?: DeviceNews;
}

const MAX_MESSAGES = 500;

/** What the log and the messages have; news of devices are not looked at here. */
export function movesForAppservice(
  progress: Pick<ProgressStore, 'head' | 'log'>,
  store: Pick<AppserviceMessageStore, 'after'>,
  { seq, messages: wanted }: Omit<MovesQuery, 'devices'>,
): AppserviceMoves {
  const moves = movesAfter(progress, seq);
  if (wanted === undefined) return { ...moves, messages: [], goesOn: false };
  const { appserviceId, after, limit = MAX_MESSAGES } = wanted;
  const messages = store.after(appserviceId, after, Math.min(limit, MAX_MESSAGES));
  const goesOn = store.after(appserviceId, messages.at(-1)?.number ?? after, 1).length > 0;
  return { ...moves, messages, goesOn };
}
