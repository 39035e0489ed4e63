/** What of a room's state a client wants. Source: MSC4186, `RequiredStateRequest`. */
export interface RequiredState {
  readonly include: readonly StateElement[];
  readonly exclude: readonly StateElement[];
  /** Of the members only those that are named, and those whom the timeline needs. */
  readonly lazyMembers: boolean;
}

/** What is left out matches everything. */
export interface StateElement {
  readonly type?: string;
  readonly stateKey?: string;
}

const MEMBER = 'm.room.member';

/** Whether one of several wishes names a key of the state. Members that are loaded lazily are not named. */
export function isRequired(required: readonly RequiredState[], type: string, stateKey: string): boolean {
  return required.some(
    ({ include, exclude, lazyMembers }) =>
      include.some(
        (element) => matches(element, type, stateKey) && !(lazyMembers && type === MEMBER && isOfAll(element)),
      ) && !exclude.some((element) => matches(element, type, stateKey)),
  );
}

/** The keys that can be looked up one by one or type by type; `undefined` where any type may be named. */
export function elementsOf(
  required: readonly RequiredState[],
): readonly (StateElement & { readonly type: string })[] | undefined {
  const elements = new Map<string, StateElement & { readonly type: string }>();
  const whole = new Set<string>();
  for (const { include, lazyMembers } of required) {
    for (const { type, ...rest } of include) {
      if (type === undefined) return undefined;
      if (lazyMembers && type === MEMBER && isOfAll(rest)) continue;
      if (isOfAll(rest)) whole.add(type);
      elements.set(JSON.stringify([type, rest.stateKey]), { type, ...rest });
    }
  }
  // Each once, and none that a wider one holds: every one of them is looked up.
  return [...elements.values()].filter((element) => isOfAll(element) || !whole.has(element.type));
}

/** Whether who knows what `known` names knows also what `wanted` names; when in doubt not. */
export function coversRequired(known: readonly RequiredState[], wanted: readonly RequiredState[]): boolean {
  return wanted.every((want) => known.some((has) => covers(has, want)));
}

function covers(has: RequiredState, want: RequiredState): boolean {
  const isExcluded = has.exclude.every((element) => want.exclude.some((other) => contains(other, element)));
  return (
    isExcluded &&
    want.include.every((element) =>
      has.include.some(
        (known) =>
          contains(known, element) &&
          (want.lazyMembers || !(has.lazyMembers && isOfAll(known) && mayBeMember(element))),
      ),
    )
  );
}

function matches({ type, stateKey }: StateElement, ofType: string, ofKey: string): boolean {
  return (type === undefined || type === ofType) && (stateKey === undefined || stateKey === ofKey);
}

function contains(outer: StateElement, inner: StateElement): boolean {
  return (
    (outer.type === undefined || outer.type === inner.type) &&
    (outer.stateKey === undefined || outer.stateKey === inner.stateKey)
  );
}

function isOfAll({ stateKey }: StateElement): boolean {
  return stateKey === undefined;
}

function mayBeMember({ type }: StateElement): boolean {
  return type === undefined || type === MEMBER;
}
