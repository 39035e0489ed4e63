import { createHash } from 'node:crypto';

/** Of what is exchanged once for a session only hashes are kept. */
export const codeHash = (code: string): string => createHash('sha256').update(code).digest('base64url');
