/** Whether two types are the same type, not merely assignable. `any` is the same as `any` only. */
export type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false

/** Compiles only for a type that is the other: `same<Equal<A, B>>()`. */
export function same<_Holds extends true>(): void {}
