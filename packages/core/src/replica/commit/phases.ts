/**
 * What a replica does with operations, one after the other. check: those of others are decoded and looked at. plan: own commands become operations, which
 * are checked and applied on the way. apply: those of others. append: the log takes them. publish: rows are prepared, and shown.
 */
export type Phase = "check" | "plan" | "apply" | "append" | "publish";

/** Port: is told what a replica does from here on. Whoever watches has the clock. */
export interface ReplicaWatch {
  enter(phase: Phase): void;
}
