import { formatSyncToken, parseSyncToken, type SyncToken } from '../token.ts';

/** A connection, and which of its answers the client has. */
export interface SlidingPos {
  readonly connection: string;
  readonly generation: number;
  /** How far the answer went, for what takes sync tokens. Source: MSC4186, "Connections". */
  readonly token: SyncToken;
}

const FORMAT = /^c([0-9a-f]{32})_(\d{1,15})_(s.*)$/;

/** @returns `undefined` for what is no `pos`. */
export function parsePos(text: string): SlidingPos | undefined {
  const [, connection = '', generation, rest = ''] = FORMAT.exec(text) ?? [];
  const token = parseSyncToken(rest);
  return token === undefined ? undefined : { connection, generation: Number(generation), token };
}

export function formatPos({ connection, generation, token }: SlidingPos): string {
  return `c${connection}_${generation}_${formatSyncToken(token)}`;
}
