import { claimKeys, type KeyClaim } from '../../user/keys/claim-keys.ts';
import { countKeys, type KeyCounts } from '../../user/keys/count-keys.ts';
import type { DeviceOf } from '../../user/keys/key-store.ts';
import { queryKeys, type KeyQuery, type PublishedDevices } from '../../user/keys/query-keys.ts';
import { uploadKeys, type KeyUpload } from '../../user/keys/upload-keys.ts';
import type { UserKeysRpc } from './rpc.ts';
import { UserObject } from './user-object.ts';

export const NO_KEYS: KeyCounts = { oneTimeKeys: {}, unusedFallbackKeys: [] };

/** What devices publish for end-to-end encryption. */
export abstract class UserKeys extends UserObject implements UserKeysRpc {
  async uploadKeys(call: KeyUpload & { readonly opId?: string }) {
    return this.write(call, (now) => uploadKeys(this.keys, call, now));
  }

  async queryKeys({ queries }: { readonly queries: readonly KeyQuery[] }) {
    return this.read<readonly PublishedDevices[]>([], () => queryKeys(this.keys, this.people, queries));
  }

  async claimKeys(call: { readonly claims: readonly KeyClaim[]; readonly opId?: string }) {
    return this.write(call, (now) => claimKeys(this.keys, call.claims, now));
  }

  async dropOneTimeKeys(call: { readonly opId?: string }) {
    return this.write(call, (now) => this.keys.dropOneTimeKeys(now));
  }

  async keyCounts(device: DeviceOf) {
    return this.read(NO_KEYS, () => countKeys(this.keys, device));
  }
}
