import type { EventId } from '../ids/brands.ts';

declare const brand: unique symbol;

/** A (type, state_key) pair as one string that no two pairs share, whatever characters they hold. */
export type StateTuple = string & { readonly [brand]: 'StateTuple' };

export function stateTuple(type: string, stateKey: string): StateTuple {
  return `${type.length}:${type}${stateKey}` as StateTuple;
}

/** The reverse of {@link stateTuple}. */
export function splitStateTuple(tuple: StateTuple): { type: string; stateKey: string } {
  const colon = tuple.indexOf(':');
  const end = colon + 1 + Number(tuple.slice(0, colon));
  return { type: tuple.slice(colon + 1, end), stateKey: tuple.slice(end) };
}

/** A room state: which event holds each (type, state_key). */
export type StateMap = ReadonlyMap<StateTuple, EventId>;
