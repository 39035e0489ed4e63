import type { Context } from 'hono';

import { missingParam, unknown } from '../../matrix/error.ts';
import type { MediaName } from '../../matrix/ids/mxc.ts';
import type { WantedThumbnail } from '../../media/thumbnail.ts';
import { backgroundOf, waitMsOf } from './media-request.ts';

/** A thumbnail as it is asked for. Throws `M_UNKNOWN` where that makes no sense, as the specification says. */
export function wantedThumbnail(c: Context, name: MediaName): WantedThumbnail {
  const { method = 'scale', animated } = c.req.query();
  if (method !== 'crop' && method !== 'scale') throw unknown('The method has to be crop or scale');
  return {
    name,
    waitMs: waitMsOf(c),
    background: backgroundOf(c),
    variant: { method, width: lengthOf(c, 'width'), height: lengthOf(c, 'height') },
    animated: animated === 'true' ? true : animated === 'false' ? false : undefined,
  };
}

function lengthOf(c: Context, name: 'width' | 'height'): number {
  const text = c.req.query(name);
  if (text === undefined) throw missingParam(`${name} is needed`);
  if (!/^0*[1-9]\d{0,8}$/.test(text)) throw unknown(`${name} has to be a whole number of pixels`);
  return Number(text);
}
