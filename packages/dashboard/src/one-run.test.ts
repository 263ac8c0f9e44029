import assert from "node:assert/strict";
import { test } from "node:test";
import { OneRun, type RunState } from "./one-run.js";

/** What is told of what one does, in its order. */
function told() {
  const told: unknown[] = [];
  const run = new OneRun(({ isRunning, error }: RunState) =>
    told.push(error?.message ?? (isRunning ? "runs" : "rests")),
  );
  return { told, run, onEnd: (value: unknown) => told.push(value) };
}

const settled = () => new Promise((resolve) => setImmediate(resolve));

test("what is begun ends with its value, or fails with the value before it gone", async () => {
  const { told: all, run, onEnd } = told();
  run.start(async () => 1, onEnd);
  await settled();
  run.start(async () => Promise.reject(new Error("refused")), onEnd);
  await settled();
  run.start(() => {
    throw new Error("cannot be begun");
  }, onEnd);
  await settled();
  assert.deepEqual(all, ["runs", "rests", 1, "runs", "refused", undefined, "runs", "cannot be begun", undefined]);
});

test("of what is given up nothing is heard, whatever it comes to", async () => {
  const { told: all, run, onEnd } = told();
  const [first, second] = [Promise.withResolvers<number>(), Promise.withResolvers<number>()];
  const signals: AbortSignal[] = [];
  const waiting = (promise: Promise<number>) => (signal: AbortSignal) => {
    signals.push(signal);
    return promise;
  };
  run.start(waiting(first.promise), onEnd);
  run.start(waiting(second.promise), onEnd);
  assert.deepEqual(
    signals.map(({ aborted }) => aborted),
    [true, false],
  );
  first.resolve(1);
  await settled();
  assert.deepEqual(all, ["runs", "runs"], "not of the first one, though it did not look at its signal");
  run.cancel();
  assert.ok(signals[1]?.aborted);
  second.reject(new Error("too late"));
  await settled();
  run.cancel();
  assert.deepEqual(all, ["runs", "runs", "rests"]);
});
