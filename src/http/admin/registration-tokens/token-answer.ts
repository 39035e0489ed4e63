import type { RegistrationToken } from '../../../accounts/manage-tokens.ts';

/** A token as the admin API shows it; `null`: no limit. */
export const tokenAnswer = ({ token, usesAllowed, completed, expiresTs }: RegistrationToken) => ({
  token,
  uses_allowed: usesAllowed ?? null,
  completed,
  expires_ts: expiresTs ?? null,
});
