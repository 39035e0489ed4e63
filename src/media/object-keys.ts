import type { MediaName } from '../matrix/ids/mxc.ts';

/** Everything of a file stands under one prefix, so that it is removed as a whole. */
export const prefixOf = ({ server, mediaId }: MediaName) => `${server}/${mediaId}/`;

/** Each attempt at an upload has a key of its own: none writes over another's bytes. */
export const contentKey = (name: MediaName, attempt: string) => `${prefixOf(name)}content-${attempt}`;

export const thumbnailKey = (name: MediaName, variant: string) => `${prefixOf(name)}thumbnail-${variant}`;
