import { eyrieConflict } from '../matrix/error.ts';
import type { ServerName } from '../matrix/ids/brands.ts';
import { allow, deny, type Result } from '../matrix/result.ts';
import type { SettingFault, SettingWarning } from './check-settings.ts';

/** The server name. Shown among the settings, and never changed: it is in every ID that others know. */
export const DOMAIN = 'federation.domain';

/** Throws `EYRIE_CONFLICT` for another name than the one that the server has. */
export function checkDomain(given: unknown, serverName: ServerName): Result<void, readonly SettingFault[]> {
  if (given === undefined || given === serverName) return allow(undefined);
  if (typeof given !== 'string') {
    return deny([{ key: DOMAIN, code: 'bad-domain', message: 'This has to be a server name.' }]);
  }
  throw eyrieConflict(`This server is ${serverName} for ever: its name is in every ID that others know`, {
    reason: 'domain-locked',
    key: DOMAIN,
  });
}

export function domainWarnings(given: unknown): readonly SettingWarning[] {
  if (typeof given !== 'string' || !/:\d+$/.test(given)) return [];
  const message = 'The server name has a port: Rocket.Chat cannot federate with it.';
  return [{ key: DOMAIN, code: 'domain-port', message }];
}
