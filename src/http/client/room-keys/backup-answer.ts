import type { JsonObject } from '../../../matrix/json/json-value.ts';

interface Backup {
  readonly version: number;
  readonly algorithm: string;
  /** JSON. */
  readonly authData: string;
  readonly count: number;
  readonly etag: number;
}

/** Source: Client-Server API, `GET /room_keys/version`. */
export const backupAnswer = ({ version, algorithm, authData, ...state }: Backup) => ({
  version: String(version),
  algorithm,
  auth_data: JSON.parse(authData) as JsonObject,
  ...stateAnswer(state),
});

/** What is told after keys changed. */
export const stateAnswer = ({ count, etag }: Pick<Backup, 'count' | 'etag'>) => ({ count, etag: String(etag) });
