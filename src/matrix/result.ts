/** The answer of a check: a value, or the reason why not. "Denied" is never the same as "could not find out". */
export type Result<T, R> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly reason: R };

export const allow = <T>(value: T): { readonly ok: true; readonly value: T } => ({ ok: true, value });

export const deny = <R>(reason: R): { readonly ok: false; readonly reason: R } => ({ ok: false, reason });
