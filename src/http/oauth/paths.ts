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
