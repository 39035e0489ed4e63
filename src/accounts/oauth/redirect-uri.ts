/** What a header may carry, and no fragment. */
const PLAIN = /^[\x21\x22\x24-\x7e]+$/;

const LOOPBACK: ReadonlySet<string> = new Set(['localhost', '127.0.0.1', '[::1]']);

/** A URL of a client: https, and no user or password in it. */
export function httpsUrl(text: string): URL | undefined {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const isPlain = url?.protocol === 'https:' && url.username === '' && url.password === '';
  return isPlain ? url : undefined;
}

/** Whether a host is the client's own, or below it. */
export const isHostOf = (client: URL, url: URL): boolean =>
  url.hostname === client.hostname || url.hostname.endsWith(`.${client.hostname}`);

/** Whether a client may register it. Source: Client-Server API, "Redirect URI validation". */
export function mayRedirectTo(client: URL, uri: string, isNative: boolean): boolean {
  if (!PLAIN.test(uri)) return false;
  const url = httpsUrl(uri);
  if (url !== undefined) return isHostOf(client, url);
  return isNative && (isLoopback(uri, false) || isPrivateScheme(client, uri));
}

/** Whether a registered URI allows the one of a request: the same text, but that loopback takes any port. */
export function isSameRedirect(registered: string, asked: string): boolean {
  if (registered === asked) return true;
  if (!isLoopback(registered, false) || !isLoopback(asked, true)) return false;
  const url = new URL(asked);
  const withoutPort = `${url.protocol}//${url.hostname}${url.pathname}${url.search}`;
  return withoutPort === new URL(registered).href;
}

function isLoopback(uri: string, mayHavePort: boolean): boolean {
  const url = PLAIN.test(uri) && URL.canParse(uri) ? new URL(uri) : undefined;
  if (url?.protocol !== 'http:' || !LOOPBACK.has(url.hostname)) return false;
  // The parser leaves out port 80.
  const hasPort = /^http:\/\/[^/?]*:\d*(?:[/?]|$)/.test(uri.replace('[::1]', 'ip6'));
  return url.username === '' && url.password === '' && (mayHavePort || !hasPort);
}

/** `com.example.app:/callback` of a client at example.com: the scheme begins with the host in reverse, no authority. */
function isPrivateScheme(client: URL, uri: string): boolean {
  const [, scheme = ''] = /^([a-z][a-z0-9+.-]*):(?!\/\/)/.exec(uri) ?? [];
  const reversed = client.hostname.split('.').toReversed().join('.');
  return scheme.includes('.') && (scheme === reversed || scheme.startsWith(`${reversed}.`));
}
