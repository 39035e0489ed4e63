const NAMESPACED = /^[a-z][a-z0-9._-]{0,254}$/;

/** Whether an identifier is one of the "Common Namespaced Identifier Grammar" (Appendices). */
export const isNamespacedId = (text: string): boolean => NAMESPACED.test(text);
