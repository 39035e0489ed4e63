import { describe, expect, test } from 'vitest';

import { imageSize } from '../../support/node/image-size.ts';
import { JsSdkClient, jsSdk } from '../sdk/js-sdk.ts';
import { NioClient, nio } from '../sdk/nio.ts';
import { aPicture } from '../support/a-picture.ts';
import { type World } from '../support/world.ts';

const BYTES = 3_000_000;

/** What people do with files besides sending and seeing them whole, from either side to the other. */
export function files(world: World): void {
  describe.each(world.ways())('files: $title', ({ from, to }) => {
    async function people(): Promise<{ sender: JsSdkClient; viewer: JsSdkClient; nioViewer: NioClient }> {
      const [sender, viewer, nioViewer] = await Promise.all([
        world.user({ sdk: jsSdk, server: from }, 'sender'),
        world.user({ sdk: jsSdk, server: to }, 'viewer'),
        world.user({ sdk: nio, server: to }, 'viewer'),
      ]);
      if (sender instanceof JsSdkClient && viewer instanceof JsSdkClient && nioViewer instanceof NioClient) {
        return { sender, viewer, nioViewer };
      }
      throw new Error('not of these libraries');
    }

    test('a picture is shown small where somebody looks at it', async () => {
      const { sender, viewer, nioViewer } = await people();
      const bytes = aPicture();
      const picture = await sender.upload({ bytes, type: 'image/png', name: 'meadow.png' });
      for (const client of [sender, viewer]) {
        const url = client.client.mxcUrlToHttp(picture, 32, 32, 'crop', false, true, true);
        const answer = await ask(client, url);
        expect(imageSize(Buffer.from(await answer.arrayBuffer()))).toBe('32x32');
      }
      expect(imageSize(await nioViewer.thumbnail(picture, 32))).toBe('32x32');
    });

    test('a recording is played from its middle', async () => {
      const { sender, viewer } = await people();
      const bytes = new Uint8Array(BYTES).map((_, at) => at % 251);
      const recording = await sender.upload({ bytes, type: 'audio/ogg', name: 'song.ogg' });
      const url = viewer.client.mxcUrlToHttp(recording, undefined, undefined, undefined, false, true, true);
      // As a player asks.
      const part = await ask(viewer, url, { range: `bytes=${BYTES / 2}-` });
      const came = new Uint8Array(await part.arrayBuffer());
      expect(came.at(-1)).toBe(bytes.at(-1));
      const wanted = world.software[to] === 'Eyrie' ? [206, BYTES / 2] : [200, BYTES];
      expect([part.status, came.byteLength]).toEqual(wanted);
    });
  });
}

async function ask(
  { credentials }: JsSdkClient,
  url: string | null,
  headers: Record<string, string> = {},
): Promise<Response> {
  if (url === null) throw new Error('no address of a file');
  const answer = await fetch(url, { headers: { ...headers, authorization: `Bearer ${credentials.accessToken}` } });
  if (!answer.ok) throw new Error(`${url} was not given: ${answer.status}`);
  return answer;
}
