import type { NewSession } from '../../accounts/ports.ts';
import type { ServerName } from '../../matrix/ids/brands.ts';

/** What `/login` and `/register` answer of a new session. */
export function sessionAnswer(session: NewSession, serverName: ServerName) {
  return {
    user_id: session.userId,
    device_id: session.deviceId,
    access_token: session.accessToken,
    home_server: serverName,
    ...(session.refreshToken === undefined ? {} : { refresh_token: session.refreshToken }),
    ...(session.expiresInMs === undefined ? {} : { expires_in_ms: session.expiresInMs }),
  };
}
