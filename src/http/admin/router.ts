import { Hono } from 'hono';

import type { ManageTokensDeps } from '../../accounts/manage-tokens.ts';
import type { SharedSecretDeps } from '../../accounts/shared-secret.ts';
import type { UserId } from '../../matrix/ids/brands.ts';
import type { ReportStore } from '../../rooms/report.ts';
import type { AuditLog } from '../../settings/audit-log.ts';
import type { Settings } from '../../settings/settings.ts';
import type { Limits } from '../middleware/rate-limit.ts';
import type { RequireAdmin } from '../middleware/require-admin.ts';
import { getAuditLog } from './get-audit-log.ts';
import { getRegistrationNonce } from './get-registration-nonce.ts';
import { getSettings } from './get-settings.ts';
import { listOldKey } from './list-old-key.ts';
import { putSettings } from './put-settings.ts';
import { postRestored } from './post-restored.ts';
import { rotateSigningKey } from './rotate-signing-key.ts';
import { registrationTokenRoutes } from './registration-tokens/router.ts';
import { reportRoutes } from './reports/router.ts';
import { testAllowList } from './test-allow-list.ts';
import { registerWithSecret } from './register-with-shared-secret.ts';

export interface AdminRoutes {
  readonly requireAdmin: RequireAdmin;
  readonly settings: Settings;
  /** After a change of these settings. */
  readonly settingsChanged: (keys: readonly string[]) => Promise<void>;
  /** After a restore: what else must not be used again. @returns of how many shards it could not be ended. */
  readonly restored: () => Promise<number>;
  readonly limits: Pick<Limits, 'guessing'>;
  readonly sharedSecret: SharedSecretDeps;
  readonly tokens: ManageTokensDeps;
  readonly reports: ReportStore;
  readonly auditLog: AuditLog;
  /** Before the user is in any room. */
  readonly setDisplayname: (
    user: { readonly userId: UserId; readonly shard: string },
    displayname: string,
  ) => Promise<void>;
}

export const adminRoutes = ({
  requireAdmin,
  settings,
  settingsChanged,
  restored,
  limits,
  sharedSecret,
  tokens,
  reports,
  auditLog,
  setDisplayname,
}: AdminRoutes) =>
  new Hono()
    .route('/', getSettings(requireAdmin, settings))
    .route('/', putSettings(requireAdmin, settings, settingsChanged))
    .route('/', rotateSigningKey(requireAdmin, settings))
    .route('/', listOldKey(requireAdmin, settings))
    .route('/', postRestored(requireAdmin, settings, restored))
    .route('/', testAllowList(requireAdmin, settings))
    .route('/', getAuditLog(requireAdmin, auditLog))
    .route('/', registrationTokenRoutes(requireAdmin, tokens))
    .route('/', reportRoutes(requireAdmin, reports))
    .route('/', getRegistrationNonce(limits, sharedSecret))
    .route('/', registerWithSecret(limits, sharedSecret, setDisplayname));
