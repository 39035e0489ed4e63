import type { PolicyRefusal } from './policy.ts';

/** Why another server gave no usable answer. */
export type FederationFailure =
  /** Our own settings forbid it; nothing was sent. */
  | { readonly kind: 'denied'; readonly by: PolicyRefusal }
  /** No connection: no route, DNS, TLS, reset. */
  | { readonly kind: 'unreachable'; readonly reason: string }
  | { readonly kind: 'timeout'; readonly timeoutMs: number }
  /** It answered with another status than 200. */
  | {
      readonly kind: 'refused';
      readonly status: number;
      readonly errcode: string | undefined;
      readonly error: string | undefined;
      /** For how long it asks us to wait (429). */
      readonly retryAfterMs: number | undefined;
    }
  /** It answered 200 with something that is not what the specification says, or too much of it. */
  | { readonly kind: 'garbage'; readonly reason: string };

/** One line for a log or an administrator. */
export function describeFailure(failure: FederationFailure): string {
  switch (failure.kind) {
    case 'denied':
      return failure.by.kind === 'federation-off'
        ? 'federation is switched off'
        : 'the server is not in the allow list';
    case 'unreachable':
      return `cannot be reached: ${failure.reason}`;
    case 'timeout':
      return `did not answer within ${failure.timeoutMs} ms`;
    case 'refused':
      return `answered ${failure.status} ${failure.errcode ?? ''} ${failure.error ?? ''}`.trimEnd();
    default:
      return `sent an answer that cannot be used: ${failure.reason}`;
  }
}
