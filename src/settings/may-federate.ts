import type { SettingFault } from './check-settings.ts';
import type { ServerIdentity, SettingsStore } from './settings.ts';
import { canSign } from './signing-key.ts';

const key = 'federation.enabled';

/**
 * Why federation cannot be switched on: what is signed here would be believed by nobody.
 * @param hasNewKey a key comes with the same change.
 */
export async function federationFaults(
  store: Pick<SettingsStore, 'claimName'>,
  identity: ServerIdentity,
  hasNewKey: boolean,
): Promise<readonly SettingFault[]> {
  const { serverName, secret } = identity;
  const claimed = await store.claimName(serverName);
  if (claimed !== serverName) {
    const message = `The database is of ${claimed}, and this server calls itself ${serverName}: give it that name again.`;
    return [{ key, code: 'domain-missing', message }];
  }
  if (hasNewKey || (await canSign(await identity.keys(), secret))) return [];
  const message =
    'The secret of this server does not open the signing key: give it the secret of before, or a new key.';
  return [{ key, code: 'key-missing', message }];
}
