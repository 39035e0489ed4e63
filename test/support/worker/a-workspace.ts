import { anAppservice, type TestAppservice } from './an-appservice.ts';

/** An application service that may call what the admin API opens to workspaces. */
export const aWorkspace = (changes: Readonly<Record<string, unknown>> = {}): Promise<TestAppservice> =>
  anAppservice({ 'eyrie.admin': true, ...changes });

/** Of a path of the admin API. */
export const admin = (path: string) => `/_eyrie/admin/v1${path}`;
export const inPath = encodeURIComponent;
