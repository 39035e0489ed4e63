import { notFound } from '../matrix/error.ts';
import type { ServerName, UserId } from '../matrix/ids/brands.ts';
import { mxcUri, type MediaName } from '../matrix/ids/mxc.ts';
import { prefixOf } from './object-keys.ts';
import type { MediaDeps, MediaRecord } from './ports.ts';

/** While its bytes are removed nobody fetches a file anew. */
const REMOVAL_MS = 60_000;
/** Of a purge; the answer says whether there are more. */
const PURGED_AT_ONCE = 50;

export interface MediaFilter {
  readonly userId?: UserId;
  readonly server?: ServerName;
  /** Only files of other servers. */
  readonly isRemote?: boolean;
  /** Not asked for since; milliseconds. */
  readonly accessedBeforeTs?: number;
  /** Not those that are quarantined. */
  readonly isServed?: boolean;
}

/** A place in the list: the last file that was seen. */
export interface MediaPosition extends MediaName {
  readonly createdTs: number;
}

/** What administrators do with files. Each change is in the audit log. */
export interface MediaAdministration {
  /** From new to old, behind `after`. */
  list(filter: MediaFilter, limit: number, after: MediaPosition | undefined): Promise<readonly ListedMedia[]>;
  /** @returns false where there is no such file. One of another server need not be here. */
  quarantine(name: MediaName, by: UserId | undefined, isRemote: boolean, audit: Audit): Promise<boolean>;
  /**
   * From now on it has no content. What cannot be removed at once is removed as overdue.
   * @returns false where there is no such content.
   */
  retire(name: MediaName, untilTs: number, audit: Audit): Promise<boolean>;
}

export interface ListedMedia extends MediaRecord {
  readonly quarantinedBy: UserId | undefined;
}

export interface Audit {
  readonly by: UserId;
  readonly now: number;
  readonly detail: Readonly<Record<string, string>>;
}

export interface AdministerDeps extends Pick<MediaDeps, 'serverName' | 'records' | 'files' | 'now'> {
  readonly administration: MediaAdministration;
}

const auditOf = ({ now }: AdministerDeps, by: UserId, name: MediaName): Audit => ({
  by,
  now: now(),
  detail: { media: mxcUri(name) },
});

/** A quarantined file is kept and served to nobody; one of another server is not fetched either. */
export async function quarantineMedia(
  deps: AdministerDeps,
  name: MediaName,
  { by, isOn }: { readonly by: UserId; readonly isOn: boolean },
): Promise<void> {
  const isRemote = name.server !== deps.serverName;
  const audit = auditOf(deps, by, name);
  if (!(await deps.administration.quarantine(name, isOn ? by : undefined, isRemote, audit))) {
    throw notFound('There is no such file');
  }
}

/** Deletes a file with its thumbnails. One of another server is fetched again when somebody asks, unless quarantined. */
export async function deleteMedia(deps: AdministerDeps, name: MediaName, by: UserId): Promise<void> {
  if (!(await remove(deps, name, auditOf(deps, by, name)))) throw notFound('There is no such file');
}

/** Deletes some of the files that the filter meets. */
export async function purgeMedia(
  deps: AdministerDeps,
  filter: MediaFilter,
  by: UserId,
): Promise<{ readonly deleted: number; readonly hasMore: boolean }> {
  // A quarantined one stays, so that it is not fetched again.
  const found = await deps.administration.list({ ...filter, isServed: true }, PURGED_AT_ONCE, undefined);
  let deleted = 0;
  for (const media of found) {
    if (await remove(deps, media, auditOf(deps, by, media))) deleted += 1;
  }
  return { deleted, hasMore: deleted > 0 && found.length === PURGED_AT_ONCE };
}

async function remove(deps: AdministerDeps, name: MediaName, audit: Audit): Promise<boolean> {
  const untilTs = name.server === deps.serverName ? 0 : deps.now() + REMOVAL_MS;
  if (!(await deps.administration.retire(name, untilTs, audit))) return false;
  await deps.files.removeAll(prefixOf(name));
  await deps.records.release(name);
  return true;
}
