import { expect, test } from 'vitest';

import type { UserId } from '../../../src/matrix/ids/brands.ts';
import { directToDeviceEdus } from '../../../src/to-device/direct-to-device-edus.ts';

const sender = '@alice:us.test' as UserId;
const delivery = { sender, type: 'm."odd"', messageId: 'id', isRemembered: true };
const message = (user: string, deviceId: string, content: string) => ({ userId: user as UserId, deviceId, content });

test('what fits is one EDU, each user once', () => {
  const messages = [
    message('@bob:peer.test', 'A', '{"n":1}'),
    message('@carol:peer.test', '*', '{"n":2}'),
    message('@bob:peer.test', 'B"', '{"n":3}'),
  ];
  const edus = directToDeviceEdus({ ...delivery, messages });
  expect(edus.map(({ id, json }) => [id, JSON.parse(json)])).toEqual([
    [
      'm.direct_to_device @alice:us.test id.0',
      {
        edu_type: 'm.direct_to_device',
        content: {
          sender,
          type: 'm."odd"',
          message_id: 'id.0',
          messages: {
            '@bob:peer.test': { A: { n: 1 }, 'B"': { n: 3 } },
            '@carol:peer.test': { '*': { n: 2 } },
          },
        },
      },
    ],
  ]);
});

test('more is several, none larger than other servers take, with IDs of their own', () => {
  const long = JSON.stringify({ long: 'x'.repeat(20_000) });
  const messages = Array.from({ length: 10 }, (_, at) => message('@bob:peer.test', `D${at}`, long));
  const edus = directToDeviceEdus({ ...delivery, messages });
  expect(edus.map(({ id }) => id.split(' ')[2])).toEqual(['id.0', 'id.1', 'id.2', 'id.3']);
  expect(Math.max(...edus.map(({ json }) => Buffer.byteLength(json)))).toBeLessThanOrEqual(65_536);
  const devices = edus.flatMap(({ json }) => Object.keys(JSON.parse(json).content.messages['@bob:peer.test']));
  expect(devices).toEqual(messages.map(({ deviceId }) => deviceId));
});

test('the largest message that a client may send fits', () => {
  const content = JSON.stringify({ long: 'x'.repeat(63_989) });
  expect(Buffer.byteLength(content)).toBe(64_000);
  const name = 'n'.repeat(255);
  const messages = [message(`@${'u'.repeat(243)}:peer.test`, name, content)];
  const edus = directToDeviceEdus({ ...delivery, type: name, messageId: 'i'.repeat(27), messages });
  expect(edus.map(({ json }) => Buffer.byteLength(json) <= 65_536)).toEqual([true]);
});
