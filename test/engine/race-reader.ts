import { parentPort, workerData } from "node:worker_threads";
import { attachReader, compareNodeDots, RowSet } from "@murmuration/index";
import {
  dotDistance,
  EVENTS,
  PHASE,
  pseudoRandom,
  type RaceSetup,
  type ReaderReport,
  SEARCHES,
} from "./race-shared.js";

const { graph, control, events, rows, vectors, dimensions, thread } = workerData as RaceSetup & {
  readonly thread: number;
};
const LIMIT = 10;
const EF = 24;
const reader = attachReader(graph, thread);
const random = pseudoRandom(thread);
const wrong: Record<string, number> = {};
let consumed = 0;
let searches = 0;
let filtered = 0;
let exact = 0;
let results = 0;
let hits = 0;
let possible = 0;

function catchUp(): void {
  for (const end = Atomics.load(control, EVENTS); consumed < end; consumed++) {
    const event = events[consumed] as number;
    if (event > 0) reader.show(event - 1);
    else reader.hide(-event - 1);
  }
}

function check(holds: boolean, what: string): void {
  if (!holds) wrong[what] = (wrong[what] ?? 0) + 1;
}

function round(): void {
  catchUp();
  const row = random(vectors.length / dimensions);
  const query = vectors.slice(row * dimensions, (row + 1) * dimensions);
  let allowed: RowSet | undefined;
  if (searches % 8 === 3) {
    allowed = new RowSet();
    for (let slot = random(2); slot < reader.slotCount; slot += 2) if (reader.isVisible(slot)) allowed.add(slot);
    filtered++;
  }
  const isExact = searches % 16 === 5;
  exact += Number(isExact);
  const filter = allowed === undefined ? {} : { allowed };
  const answer = reader.search(query, { limit: LIMIT, efSearch: EF, exact: isExact, ...filter });
  searches++;
  Atomics.store(control, SEARCHES + thread - 1, searches);
  results += answer.slots.length;
  check(answer.slots.length === LIMIT, "length");
  check(new Set(answer.slots).size === answer.slots.length, "repeated");
  for (const [i, slot] of answer.slots.entries()) {
    const distance = answer.distances[i] as number;
    check(slot < reader.slotCount && reader.isVisible(slot), "hidden before the search began");
    check(allowed === undefined || allowed.has(slot), "outside the filter");
    check(Object.is(distance, dotDistance(query, vectors, rows[slot] as number)), "distance");
    const before = answer.distances[i - 1];
    if (before === undefined) continue;
    const dots = [reader.dotAt(answer.slots[i - 1] as number), reader.dotAt(slot)] as const;
    check(before < distance || (before === distance && compareNodeDots(dots[0], dots[1]) < 0), "order");
  }
  if (searches % 32 === 0) {
    // nothing was shown or hidden in between: the same slots are allowed
    const truth = reader.search(query, { limit: LIMIT, exact: true, ...filter });
    possible += truth.slots.length;
    hits += truth.slots.filter((slot) => answer.slots.includes(slot)).length;
  }
}

while (Atomics.load(control, PHASE) === 0) round();
parentPort?.postMessage({ searches, filtered, exact, results, recall: hits / possible, wrong } satisfies ReaderReport);
