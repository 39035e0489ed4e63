/** Why an event is not an event of its room version. It says nothing about who may send it. */
export type FormatFault =
  | { readonly kind: 'missing' | 'wrong-type' | 'bad-id' | 'out-of-range' | 'unexpected'; readonly key: string }
  | { readonly kind: 'too-long'; readonly key: string; readonly limitBytes: number }
  | { readonly kind: 'too-many'; readonly key: string; readonly limit: number }
  /** Longer, as canonical JSON with its signatures, than an event may be. */
  | { readonly kind: 'too-large'; readonly sizeBytes: number; readonly limitBytes: number }
  /** More levels of lists and objects than an event may have. */
  | { readonly kind: 'too-deep'; readonly limit: number }
  /** Holds what canonical JSON has no form for, in a room version that insists on it. */
  | { readonly kind: 'not-canonical' };

const predicates = {
  missing: 'is missing',
  'wrong-type': 'has the wrong type',
  'bad-id': 'holds no valid identifier',
  'out-of-range': 'is out of range',
  unexpected: 'must not be there',
} as const;

/** A fault as a sentence for people, as in the `error` of a PDU in the answer to a transaction. */
export function describeFormatFault(fault: FormatFault): string {
  switch (fault.kind) {
    case 'missing':
    case 'wrong-type':
    case 'bad-id':
    case 'out-of-range':
    case 'unexpected':
      return `${fault.key} ${predicates[fault.kind]}`;
    case 'too-long':
      return `${fault.key} is longer than ${fault.limitBytes} bytes`;
    case 'too-many':
      return `${fault.key} has more than ${fault.limit} entries`;
    case 'too-large':
      return `the event has ${fault.sizeBytes} bytes, more than ${fault.limitBytes}`;
    case 'too-deep':
      return `the event is nested more than ${fault.limit} levels deep`;
    default:
      return 'the event is not canonical JSON';
  }
}
