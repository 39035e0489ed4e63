import { movesAfter, type Moves } from '../progress/moves.ts';
import type { ProgressStore } from '../progress/store.ts';
import type { AppserviceMessageStore, NumberedMessage } from './appservice-message-store.ts';

export interface MovesQuery {
  readonly seq: number;
  /** Who asks, and up to which message it has everything; left out where messages are not wanted. */
  readonly messages?: { readonly appserviceId: string; readonly after: number };
}

/** Which rooms moved, and what came for devices meanwhile. */
export interface AppserviceMoves extends Moves {
  readonly messages: readonly NumberedMessage[];
}

const MAX_MESSAGES = 500;

/**
 * Where there are more messages than fit, the log counts as not looked through, so that it is asked again from the same
 * place: to hear of a room's move once more is harmless.
 */
export function movesForAppservice(
  progress: Pick<ProgressStore, 'head' | 'log'>,
  store: Pick<AppserviceMessageStore, 'after'>,
  { seq, messages: wanted }: MovesQuery,
): AppserviceMoves {
  const moves = movesAfter(progress, seq);
  if (wanted === undefined) return { ...moves, messages: [] };
  const { appserviceId, after } = wanted;
  const messages = store.after(appserviceId, after, MAX_MESSAGES);
  const last = messages.at(-1);
  const goesOn = last !== undefined && store.after(appserviceId, last.number, 1).length > 0;
  return { ...moves, seq: goesOn ? seq : moves.seq, messages };
}
