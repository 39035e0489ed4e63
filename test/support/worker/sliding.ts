import { expect } from 'vitest';

import { ask, type Answer } from './ask.ts';
import type { Client, ShownEvent } from './client.ts';

const STABLE = '/_matrix/client/v4/sync';
const UNSTABLE = '/_matrix/client/unstable/org.matrix.simplified_msc3575/sync';

/** A room of an answer. */
export interface SlidRoom {
  readonly initial?: boolean;
  readonly name?: string | null;
  readonly avatar?: string | null;
  readonly heroes?: readonly { readonly user_id: string; readonly displayname?: string }[];
  readonly is_dm?: boolean;
  readonly membership?: string;
  readonly lists?: readonly string[];
  readonly bump_stamp: number;
  readonly required_state: readonly ShownEvent[];
  readonly timeline: readonly ShownEvent[];
  readonly limited?: boolean;
  readonly num_live?: number;
  readonly prev_batch?: string;
  readonly joined_count?: number;
  readonly invited_count?: number;
  readonly notification_count?: number;
  readonly highlight_count?: number;
  readonly expanded_timeline?: boolean;
  readonly unstable_expanded_timeline?: boolean;
  readonly invite_state?: readonly ShownEvent[];
  readonly stripped_state?: readonly ShownEvent[];
}

export interface SlidBody {
  readonly pos: string;
  readonly txn_id?: string;
  readonly lists: Readonly<Record<string, { readonly count: number }>>;
  readonly rooms: Readonly<Record<string, SlidRoom>>;
  readonly extensions: Readonly<Record<string, Record<string, unknown>>>;
}

/** A connection of sliding sync that goes on from what it was given last, as clients do. */
export interface Slider {
  pos: string | undefined;
  /** As the server answers, with what was last given. */
  ask(body: object, query?: Record<string, string>): Promise<Answer>;
  next(body: object, query?: Record<string, string>): Promise<SlidBody>;
  /** Goes on until an answer is as wanted: what was done reaches the shard a moment later. */
  until(body: object, isWanted: (answer: SlidBody) => boolean): Promise<SlidBody>;
}

export function sliderOf({ token }: Pick<Client, 'token'>, form: 'stable' | 'unstable' = 'unstable'): Slider {
  const slider: Slider = {
    pos: undefined,
    ask: (body, query = {}) => {
      const { pos } = slider;
      const asked = new URLSearchParams({ ...(pos === undefined ? {} : { pos }), ...query }).toString();
      return form === 'unstable'
        ? ask('POST', `${UNSTABLE}?${asked}`, { token, body })
        : ask('POST', STABLE, { token, body: { ...(pos === undefined ? {} : { pos }), ...query, ...body } });
    },
    next: async (body, query) => {
      const { status, body: answer } = await slider.ask(body, query);
      expect({ status, answer }).toMatchObject({ status: 200 });
      const slid = answer as unknown as SlidBody;
      slider.pos = slid.pos;
      return slid;
    },
    until: async (body, isWanted) => {
      let answer = await slider.next(body, { timeout: '5000' });
      while (!isWanted(answer)) answer = await slider.next(body, { timeout: '5000' });
      return answer;
    },
  };
  return slider;
}

/** One list of everything, as clients have it. */
export const everything = (room: object = {}, list: object = {}) => ({
  lists: { all: { ranges: [[0, 99]], timeline_limit: 10, required_state: [], ...room, ...list } },
});
