import assert from "node:assert/strict";
import test from "node:test";
import { Worker } from "node:worker_threads";
import { normalise, VectorIndex, validateGraph } from "@murmuration/index";
import { readWords } from "../support/words.js";
import {
  EVENTS,
  eventsMax,
  PHASE,
  pseudoRandom,
  type RaceSetup,
  type ReaderReport,
  SEARCHES,
  sharedIntegers,
  slotsMax,
  type WriterReport,
} from "./race-shared.js";

/** It goes on until enough has happened to say something (MURMUR_RACE_MS: for so long at least), and fails when that takes so long. */
const CHURN_MS = Number(process.env["MURMUR_RACE_MS"] ?? 0);
const CHURN_MS_MAX = CHURN_MS + 120_000;
/** One in 16 is exact, one in 8 filtered. */
const SEARCHES_LEAST = 600;
const READERS = [1, 2];
const FIRST = 6000;
const BURST = 16;
const LIVE_MAX = 9000;

/** The writer's side: everything that it decides to show or hide is an event that readers follow. */
class Churn {
  readonly #index: VectorIndex;
  readonly #setup: RaceSetup;
  readonly #random = pseudoRandom(99);
  readonly #live: number[] = [];
  readonly #dead: number[] = [];
  #sequence = 0;
  inserts = 0;
  deletes = 0;
  revivals = 0;
  reverts = 0;

  constructor(index: VectorIndex, setup: RaceSetup) {
    this.#index = index;
    this.#setup = setup;
  }

  insert(): void {
    const { vectors, dimensions, rows } = this.#setup;
    const row = this.#random(vectors.length / dimensions);
    const vector = vectors.subarray(row * dimensions, (row + 1) * dimensions);
    const dot = { origin: 1 + this.#random(3), sequence: ++this.#sequence };
    const delta = this.#index.plan(dot, vector);
    const slot = this.#index.apply(dot, vector, delta);
    this.inserts++;
    // an insert is taken back before readers are told of it; meanwhile they walk over it, and its slot comes into use again
    if (this.#random(5) === 0) {
      this.#index.revert(slot, delta);
      this.reverts++;
      return;
    }
    rows[slot] = row;
    this.#tell(slot + 1);
    this.#live.push(slot);
  }

  remove(): void {
    const slot = this.#take(this.#live);
    if (slot === undefined) return;
    this.#tell(-slot - 1);
    this.#index.markDead(slot, true);
    this.#dead.push(slot);
    this.deletes++;
  }

  revive(): void {
    const slot = this.#take(this.#dead);
    if (slot === undefined) return;
    this.#index.markDead(slot, false);
    this.#tell(slot + 1);
    this.#live.push(slot);
    this.revivals++;
  }

  step(): void {
    this.insert();
    if (this.#live.length > LIVE_MAX || this.#random(10) < 7) this.remove();
    if (this.#random(10) === 0) this.revive();
  }

  report(): WriterReport {
    const { inserts, deletes, revivals, reverts } = this;
    return { inserts, deletes, revivals, reverts };
  }

  #take(from: number[]): number | undefined {
    const at = this.#random(from.length);
    const slot = from[at];
    const last = from.pop();
    if (last !== undefined && at < from.length) from[at] = last;
    return slot;
  }

  #tell(event: number): void {
    const { control, events } = this.#setup;
    const at = Atomics.load(control, EVENTS);
    assert.ok(at < eventsMax, "room for events");
    events[at] = event;
    Atomics.store(control, EVENTS, at + 1);
  }
}

function normalisedWords(): { readonly vectors: Float32Array; readonly dimensions: number } {
  const words = readWords();
  const vectors = new Float32Array(new SharedArrayBuffer(words.vectors.byteLength));
  for (let at = 0; at < vectors.length; at += words.dimensions) {
    vectors.set(normalise(words.vectors.slice(at, at + words.dimensions)), at);
  }
  return { vectors, dimensions: words.dimensions };
}

for (const quantization of ["int8", "none"] as const) {
  test(`readers beside a writer at full speed get only right answers, walking on ${quantization}`, async (t) => {
    const { vectors, dimensions } = normalisedWords();
    const index = new VectorIndex({ dimensions, metric: "cosine", links: 12, efConstruction: 60, quantization });
    const setup: RaceSetup = {
      graph: index.handle(),
      control: sharedIntegers(4),
      events: sharedIntegers(eventsMax),
      rows: sharedIntegers(slotsMax),
      vectors,
      dimensions,
    };
    const churn = new Churn(index, setup);
    for (let i = 0; i < FIRST; i++) churn.insert();
    const prepared = churn.report();

    const reports = READERS.map(
      (thread) =>
        new Promise<ReaderReport>((resolve, reject) => {
          const worker = new Worker(new URL("./race-reader.js", import.meta.url), { workerData: { ...setup, thread } });
          worker.once("message", resolve);
          worker.once("error", reject);
        }),
    );
    const began = performance.now();
    const isEnough = () => {
      const { inserts, deletes, revivals, reverts } = churn.report();
      const isChurned = inserts - prepared.inserts > 1000 && deletes > 500 && revivals > 50 && reverts > 100;
      const searches = READERS.map((_, at) => Atomics.load(setup.control, SEARCHES + at));
      return isChurned && searches.every((count) => count >= SEARCHES_LEAST) && performance.now() - began >= CHURN_MS;
    };
    while (!isEnough() && performance.now() - began < CHURN_MS_MAX) {
      for (let i = 0; i < BURST; i++) churn.step();
      // the workers start, and report an error, only while this thread's loop turns
      await new Promise(setImmediate);
    }
    Atomics.store(setup.control, PHASE, 1);
    const readers = await Promise.all(reports);

    t.diagnostic(JSON.stringify({ ...churn.report(), nodes: index.reader.linkedCount, readers }));
    for (const reader of readers) {
      assert.deepEqual(reader.wrong, {});
      assert.ok(reader.searches >= SEARCHES_LEAST && reader.filtered > 50 && reader.exact > 30, JSON.stringify(reader));
      assert.ok(reader.recall > 0.9, `recall ${reader.recall}`);
    }
    const { inserts, deletes, revivals, reverts } = churn.report();
    assert.ok(inserts - prepared.inserts > 1000 && deletes > 500 && revivals > 50 && reverts > 100);
    assert.ok(index.reader.slotCount < index.reader.linkedCount + reverts / 2, "slots came into use again");
    assert.deepEqual(validateGraph(index.reader).violations, []);
  });
}
