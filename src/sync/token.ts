/** A sync token taken apart (contracts, section 1, "Token"). */
export interface SyncToken {
  /** Raised by a restore: a token of another epoch is answered as a gap in every room. */
  readonly epoch: string;
  /** Of the user's shard. */
  readonly seq: number;
  /** The last to-device message that was delivered. */
  readonly toDevice: number;
  /** Corrections are owed since this `seq`: the next response repeats every key touched after it. */
  readonly owedSince: number | undefined;
}

const FORMAT = /^s([0-9a-z]{1,16})_(\d{1,15})_(\d{1,15})(?:!(\d{1,15}))?$/;

/** @returns `undefined` for what is no sync token. */
export function parseSyncToken(text: string): SyncToken | undefined {
  const match = FORMAT.exec(text);
  if (match === null) return undefined;
  const [, epoch = '', seq, toDevice, owed] = match;
  return {
    epoch,
    seq: Number(seq),
    toDevice: Number(toDevice),
    owedSince: owed === undefined ? undefined : Number(owed),
  };
}

export function formatSyncToken({ epoch, seq, toDevice, owedSince }: SyncToken): string {
  return `s${epoch}_${seq}_${toDevice}${owedSince === undefined ? '' : `!${owedSince}`}`;
}
