import { Hono } from 'hono';

import { getWhois } from './admin/get-whois.ts';
import { accountData } from './account-data.ts';
import type { AccountRouteDeps } from './accounts-deps.ts';
import { changePassword } from './change-password.ts';
import { checkUsernameAvailability } from './check-username-availability.ts';
import { claimKeys } from './claim-keys.ts';
import { deactivateAccount } from './deactivate-account.ts';
import { deleteDevice } from './delete-device.ts';
import { deleteDevices } from './delete-devices.ts';
import { filter } from './filter.ts';
import { generateLoginToken } from './generate-login-token.ts';
import { getAccount3pids } from './get-account-3pids.ts';
import { getCapabilities } from './get-capabilities.ts';
import { getDevice } from './get-device.ts';
import { getDevices } from './get-devices.ts';
import { getLoginFlows } from './get-login-flows.ts';
import { getTokenOwner } from './get-token-owner.ts';
import { login } from './login.ts';
import { logout } from './logout.ts';
import { logoutAll } from './logout-all.ts';
import { presence } from './presence.ts';
import { profile } from './profile.ts';
import { pushRules } from './push-rules.ts';
import { queryKeys } from './query-keys.ts';
import { refresh } from './refresh.ts';
import { requestOpenIdToken } from './request-openid-token.ts';
import { register } from './register.ts';
import { registrationTokenValidity } from './registration-token-validity.ts';
import { roomKeysRoutes } from './room-keys/router.ts';
import { roomTags } from './room-tags.ts';
import { uploadCrossSigningKeys } from './upload-cross-signing-keys.ts';
import { uploadCrossSigningSignatures } from './upload-cross-signing-signatures.ts';
import { sendToDevice } from './send-to-device.ts';
import { updateDevice } from './update-device.ts';
import { uploadKeys } from './upload-keys.ts';

const endpoints = [
  register,
  checkUsernameAvailability,
  registrationTokenValidity,
  getLoginFlows,
  login,
  generateLoginToken,
  refresh,
  logout,
  logoutAll,
  getTokenOwner,
  getWhois,
  getDevices,
  getDevice,
  updateDevice,
  deleteDevice,
  deleteDevices,
  changePassword,
  deactivateAccount,
  getCapabilities,
  profile,
  presence,
  accountData,
  roomTags,
  getAccount3pids,
  filter,
  requestOpenIdToken,
  pushRules,
  uploadKeys,
  queryKeys,
  claimKeys,
  uploadCrossSigningKeys,
  uploadCrossSigningSignatures,
  sendToDevice,
];

/** Accounts, sessions, devices, their keys and the backups of these, profiles, account data and filters. */
export function accountRoutes(deps: AccountRouteDeps): Hono {
  const app = new Hono();
  for (const endpoint of endpoints) app.route('/', endpoint(deps));
  app.route('/', roomKeysRoutes(deps));
  return app;
}
