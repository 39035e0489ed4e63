const MAX_ERROR_BYTES = 65_536;

/** Of servers that cannot be asked: nothing else may answer so. */
const OF_OTHERS = new Set([502, 503, 504]);

/**
 * What is wrong with an answer to whatever was asked; `undefined` for nothing.
 * Source: Client-Server API, "Standard error response".
 * @param text the whole body.
 * @param asksOthers whether the request may have to ask a server that does not answer.
 */
export function answerFault(status: number, text: string, asksOthers: boolean): string | undefined {
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    return `${status}: no JSON`;
  }
  if (status < 300) return undefined;
  if (status >= 500 && !(asksOthers && OF_OTHERS.has(status))) return `${status}: a fault of the server`;
  if (status < 400) return `${status}: not an answer of this API`;
  if (Buffer.byteLength(text) > MAX_ERROR_BYTES) return `${status}: an error of ${text.length} characters`;
  const { errcode, error, flows } = (body ?? {}) as { errcode?: unknown; error?: unknown; flows?: unknown };
  // Source: "User-interactive API in the REST API".
  if (status === 401 && errcode === undefined && Array.isArray(flows)) return undefined;
  if (typeof errcode !== 'string' || !/^[A-Z0-9._]+$/.test(errcode)) return `${status}: no errcode`;
  if (typeof error !== 'string') return `${status}: no error`;
  return undefined;
}
