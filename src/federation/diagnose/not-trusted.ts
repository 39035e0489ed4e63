/** What to do where a server answers 401. */
export const NOT_TRUSTED =
  'It cannot check our signature: it has to reach us, at the address that our own diagnosis shows, to fetch our keys.';
