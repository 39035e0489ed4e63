import type { Appservice } from '../../appservice/appservices.ts';
import { NEEDS_FLAG } from '../../appservice/registration.ts';
import type { AppserviceAnswer, AppserviceRequest } from '../../appservice/asking/ports.ts';
import { readConfig, type Env } from '../../config.ts';
import { BodyTooLarge, readCapped, reasonOf, TimedOut, withTimeout } from '../../federation/http-fetch.ts';
import { appservicesOf } from '../appservices.ts';

const MAX_ANSWER_BYTES = 1_048_576;

/**
 * Asks an application service that has a URL. The URL is the administrator's, so it may be of a private address; plain
 * http only while the server is started so, whatever held when it was registered.
 * Redirects are not followed. Never rejects. Source: Application Service API, "Authorisation", "Legacy routes".
 */
export async function askAppservice(
  env: Env,
  appservice: Appservice,
  request: AppserviceRequest,
): Promise<AppserviceAnswer> {
  const { url } = appservice.registration;
  if (url === undefined) return { kind: 'unreachable', reason: 'it has no url' };
  const config = readConfig(env);
  if (url.startsWith('http:') && !config.allowPrivateAddresses) return { kind: 'unreachable', reason: NEEDS_FLAG };
  try {
    const hsToken = await appservicesOf(env, config).hsToken(appservice);
    const ask = (target: string) => askOnce(env, target, hsToken, request);
    const answer = await ask(`${url}/_matrix/app/v1${request.path}`);
    const { legacyPath } = request;
    if (legacyPath === undefined || (answer.status !== 404 && answer.status !== 405) || saysNotFound(answer.body)) {
      return answer;
    }
    return await ask(`${url}${legacyPath}`);
  } catch (error) {
    if (error instanceof TimedOut) return { kind: 'timeout' };
    if (error instanceof BodyTooLarge) return { kind: 'unreachable', reason: 'its answer is too long' };
    return { kind: 'unreachable', reason: reasonOf(error) };
  }
}

function askOnce(env: Env, url: string, hsToken: string, { method, body, timeoutMs }: AppserviceRequest) {
  return withTimeout(timeoutMs, async (signal) => {
    const init: RequestInit = {
      method,
      redirect: 'manual',
      headers: {
        authorization: `Bearer ${hsToken}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body }),
      signal,
    };
    const response = await (env.APPSERVICES === undefined ? fetch(url, init) : env.APPSERVICES.fetch(url, init));
    const text = new TextDecoder().decode(await readCapped(response, MAX_ANSWER_BYTES));
    return { kind: 'answered' as const, status: response.status, body: text };
  });
}

/** It knows the route: what was asked for is not there. */
function saysNotFound(body: string): boolean {
  try {
    const { errcode } = JSON.parse(body) as { errcode?: unknown };
    return typeof errcode === 'string' && errcode !== 'M_UNRECOGNIZED';
  } catch {
    return false;
  }
}
