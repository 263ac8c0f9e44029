import type { OperationBody } from "../../operation/operation.js";

/** Applies an operation that was planned on the state as it is, and queues it for log and peers. */
export type WriteUpkeep = (body: OperationBody) => void;
