import type { Content, Workspace } from './workspace.ts';

/** One call of the workspace's own API. */
export interface Call {
  readonly workspace: Workspace;
  /** who calls */
  readonly me: string;
  /** a value of the path */
  readonly param: (name: string) => string;
  readonly query: (name: string) => string | undefined;
  readonly json: () => Promise<Content>;
  readonly bytes: () => Promise<Uint8Array<ArrayBuffer>>;
  readonly type: string;
}

/** Answers JSON, or a file. */
export type Handler = (call: Call) => object | Promise<object>;

/** `GET /api/rooms/:room`: its method and path, by which it is found. */
export type Routes = Readonly<Record<string, Handler>>;

export class FileAnswer {
  readonly bytes: Uint8Array;
  readonly type: string;

  constructor(bytes: Uint8Array, type: string) {
    this.bytes = bytes;
    this.type = type;
  }
}
