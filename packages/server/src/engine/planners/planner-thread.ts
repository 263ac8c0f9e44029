import { setPriority } from "node:os";
import { parentPort, receiveMessageOnPort, workerData } from "node:worker_threads";
import { assert, attachFinder, type CandidateFinder, type GraphHandle } from "@murmuration/index";
import { heapOfThisThread } from "../../threads/heap.js";
import { NICE } from "../engine-limits.js";
import { awaitRound, type Board, beginOn, type Desk, endOn, graphOf, putFound, takeInsert } from "./board.js";

// A planner's thread: it waits for a round, takes of it what it can, and waits again. It never comes to its event loop.

/** What a planner is started with. */
export interface PlannerStart {
  readonly board: Board;
  readonly desk: Desk;
  /** Its place on the graphs. */
  readonly thread: number;
}

/** What a planner is told of graphs, before the round that needs it. */
export type GraphNews = { readonly graph: number; readonly handle?: GraphHandle };

assert(parentPort !== null, "this file is a worker");
const port = parentPort;
const { board, desk, thread } = workerData as PlannerStart;
if (process.platform === "linux") setPriority(0, NICE);
const { collect } = heapOfThisThread();
const finders = new Map<number, CandidateFinder>();

function takeNews(): void {
  let hasForgotten = false;
  for (let news = receiveMessageOnPort(port); news !== undefined; news = receiveMessageOnPort(port)) {
    const { graph, handle } = news.message as GraphNews;
    if (handle === undefined) hasForgotten = finders.delete(graph) || hasForgotten;
    else finders.set(graph, attachFinder(handle, thread));
  }
  // this thread makes so little garbage that a graph's memory would be kept for hours
  if (hasForgotten) collect();
}

function plan(round: number): void {
  const finder = finders.get(graphOf(board));
  if (finder === undefined) return;
  const { dimensions } = finder;
  const take = () => takeInsert(board, round, dimensions);
  for (let insert = take(); insert !== undefined; insert = take()) {
    const found = finder.find(insert.dot, insert.values);
    if (found !== undefined && !putFound(desk, insert.place, found)) return;
  }
}

for (let round = awaitRound(board, 0); round !== undefined; round = awaitRound(board, round)) {
  takeNews();
  beginOn(desk, round);
  try {
    plan(round);
  } finally {
    // also where it fails, and this thread with it: the engine's thread waits for this
    endOn(desk, round);
  }
}
port.close();
