/** Steps that take changes back, in the order in which they were made. */
export type Journal = (() => void)[];
