import { workerData } from "node:worker_threads";
import { awaitRound, beginOn, takeInsert } from "./board.js";
import type { PlannerStart } from "./planner-thread.js";

/** Begin on the first round that comes; false when there is none. */
export function takesOne(): boolean {
  const { board, desk } = workerData as PlannerStart;
  const round = awaitRound(board, 0);
  if (round === undefined) return false;
  beginOn(desk, round);
  takeInsert(board, round, 1);
  return true;
}
