/** What becomes of snapshots and backups that may hold what is erased: a new one takes their place, they go, or they stay and are named. */
export type CopiesPolicy = "replace" | "delete" | "keep";
export const copiesPolicies: readonly CopiesPolicy[] = ["replace", "delete", "keep"];
