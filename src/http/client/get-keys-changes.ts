// GET /_matrix/client/v3/keys/changes (Client-Server API, "Key management API")
import { Hono } from 'hono';

import { missingParam } from '../../matrix/error.ts';
import { tellDeviceLists, type DeviceListReader, type DeviceListsPlan } from '../../sync/device-lists.ts';
import type { UserId } from '../../matrix/ids/brands.ts';
import type { RequireUser } from './from-user.ts';
import { tokenIn } from './sync.ts';

export interface KeysChangesDeps {
  readonly requireUser: RequireUser;
  /** Of tokens. */
  readonly epoch: () => Promise<string>;
  readonly deviceLists: (shard: string) => DeviceListReader;
  readonly changes: (
    shard: string,
    query: { readonly userId: UserId; readonly since: number | 'lost' },
  ) => Promise<DeviceListsPlan | undefined>;
}

/** What changed after `to` is told as well: of each user only the last change is known. */
export const getKeysChanges = ({ requireUser, epoch, deviceLists, changes }: KeysChangesDeps) =>
  new Hono().get('/_matrix/client/v3/keys/changes', requireUser, async (c) => {
    const { userId, shard } = c.var.requester;
    const { from, to } = c.req.query();
    if (from === undefined || to === undefined) throw missingParam('Missing: from and to');
    const token = tokenIn('from', from);
    tokenIn('to', to);
    const since = token?.epoch === (await epoch()) ? token.seq : 'lost';
    const told = await tellDeviceLists(deviceLists(shard), userId, await changes(shard, { userId, since }));
    return c.json({ changed: told?.changed ?? [], left: told?.left ?? [] });
  });
