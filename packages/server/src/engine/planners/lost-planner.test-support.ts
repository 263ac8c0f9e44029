import { parentPort, workerData } from "node:worker_threads";
import { awaitRound, beginOn, takeInsert } from "./board.js";
import type { PlannerStart } from "./planner-thread.js";

// A planner that takes an insert and dies of it.

const { board, desk } = workerData as PlannerStart;
parentPort?.unref();
const round = awaitRound(board, 0);
if (round !== undefined) {
  beginOn(desk, round);
  takeInsert(board, round);
  process.exit(1);
}
