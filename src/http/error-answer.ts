import { AuthenticationNeeded, OAuthError, type MatrixError } from '../matrix/error.ts';

/** What an error quotes of a request may be as long as requests are. */
const MAX_MESSAGE = 1_000;

/** The one place where an error becomes an answer. Source: Client-Server API, "Standard error response". */
export function errorAnswer(error: MatrixError): Response {
  const message = error.message.slice(0, MAX_MESSAGE).toWellFormed();
  if (error instanceof OAuthError) {
    const headers = { 'Cache-Control': 'no-store', 'Access-Control-Allow-Origin': '*' };
    return Response.json({ error: error.code, error_description: message }, { status: error.status, headers });
  }
  const said = error instanceof AuthenticationNeeded ? {} : { errcode: error.errcode, error: message };
  return Response.json({ ...said, ...error.extra }, { status: error.status, headers: retryAfter(error.extra) });
}

/** Source: Client-Server API, "Rate limiting". */
function retryAfter({ retry_after_ms: waitMs }: MatrixError['extra']): Record<string, string> {
  return typeof waitMs === 'number' ? { 'Retry-After': String(Math.ceil(waitMs / 1000)) } : {};
}
