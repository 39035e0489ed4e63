// GET /_eyrie/appservice/v1/stream (docs/application-services.md, "Without a URL: the stream")
import { Hono } from 'hono';

import type { Appservice, Appservices } from '../../appservice/appservices.ts';
import { MatrixError, invalidParam } from '../../matrix/error.ts';
import { requireAppservice } from '../middleware/require-appservice.ts';

export interface AppserviceStreamDeps {
  readonly appservices: Pick<Appservices, 'byToken'>;
  /**
   * The answer that makes the request a WebSocket of the application service's object. Throws `M_UNKNOWN_TOKEN` where the
   * token is another one by now.
   */
  readonly openStream: (appservice: Pick<Appservice, 'id' | 'asTokenHash'>) => Promise<Response>;
}

/** What an application service without a URL is sent, over a WebSocket that it opens. */
export const openAppserviceStream = ({ appservices, openStream }: AppserviceStreamDeps) =>
  new Hono().get('/_eyrie/appservice/v1/stream', async (c) => {
    const appservice = await requireAppservice(appservices, c);
    if (c.req.header('upgrade')?.toLowerCase() !== 'websocket') {
      throw new MatrixError(426, 'M_UNKNOWN', 'This is a WebSocket: ask with Upgrade: websocket');
    }
    if (appservice.registration.url !== undefined) {
      throw invalidParam('The application service has a url, and is sent what happens there');
    }
    return openStream(appservice);
  });
