/** Where the OAuth 2.0 API and its pages are; clients find them by `auth_metadata`. */
export const PATHS = {
  authorize: '/_eyrie/oauth/authorize',
  token: '/_eyrie/oauth/token',
  register: '/_eyrie/oauth/register',
  revoke: '/_eyrie/oauth/revoke',
  device: '/_eyrie/oauth/device',
  /** Short, since people type it. */
  link: '/link',
  account: '/_eyrie/account',
} as const;

/** What the account page is opened with to allow that cross-signing keys are replaced. Source: "Account management URL actions". */
export const RESET_ACTION = 'org.matrix.cross_signing_reset';
