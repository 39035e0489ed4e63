import { expect, test } from 'vitest';

import { decodeImage } from '../../../../src/media/images/decode-image.ts';
import { imageHeader } from '../../../../src/media/images/image-header.ts';

const hex = (text: string) => Uint8Array.from(Buffer.from(text.replaceAll(' ', ''), 'hex'));

test('a PNG whose second header is larger than its first is refused before anything is inflated', async () => {
  const header = (size: string) => `0000000d 49484452 ${size} ${size} 01 00 00 00 00 00000000`;
  const bytes = hex(`89504e470d0a1a0a ${header('00000064')} ${header('0000ffff')} 00000002 49444154 ffff 00000000`);
  const first = imageHeader(bytes);
  expect(first).toMatchObject({ format: 'png', width: 100, height: 100 });
  if (first === undefined) throw new Error('no header');
  await expect(decodeImage(bytes, first)).rejects.toThrow('not of the size that it says');
});

test.each(['00', '01', 'd0', 'd7', 'd8', 'd9'])('a JPEG with the marker %s before its frame has no size', (marker) => {
  const frame = 'ffc0 0011 08 0010 0020 03 012200 021101 031101';
  expect(imageHeader(hex(`ffd8 ffe0 0002 ${frame}`))).toMatchObject({ format: 'jpeg', width: 32, height: 16 });
  expect(imageHeader(hex(`ffd8 ff${marker} 0002 ${frame}`))).toBeUndefined();
});
