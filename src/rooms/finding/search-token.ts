import type { SearchPlace } from './search-ports.ts';

/** What results can be grouped by. Source: Client-Server API, "Search Categories", "Groups". */
export type GroupKey = 'room_id' | 'sender';

export interface SearchGroup {
  readonly key: GroupKey;
  readonly value: string;
}

/** Where a page of results begins: by time, after a place; by rank, after so many. Of a group, only what is in it. */
export interface SearchPoint {
  readonly after: SearchPlace | undefined;
  readonly offset: number;
  readonly group: SearchGroup | undefined;
}

const TOKEN = /^f(\d{1,16})_(\d{1,16})_(\d{1,15})(?:~(room_id|sender)~(.{1,255}))?$/s;

export function searchToken({ after, offset, group }: SearchPoint): string {
  const of = group === undefined ? '' : `~${group.key}~${group.value}`;
  return `f${after?.ts ?? 0}_${after?.id ?? 0}_${offset}${of}`;
}

/** @returns `undefined` for what is no token of ours. */
export function parseSearchToken(text: string): SearchPoint | undefined {
  const [, ts, id, offset, key, value = ''] = TOKEN.exec(text) ?? [];
  if (ts === undefined) return undefined;
  const group = key === 'room_id' || key === 'sender' ? { key, value } : undefined;
  return { after: { ts: Number(ts), id: Number(id) }, offset: Number(offset), group } as SearchPoint;
}
