import { parentPort, workerData } from "node:worker_threads";
import { attachReader, type GraphHandle } from "./graph-handle.js";

// A reader in a thread of its own: searches until it is told to stop, and says how many searches it made and how many found too little.

const { handle, state, near } = workerData as {
  readonly handle: GraphHandle;
  readonly state: Int32Array;
  readonly near: Float32Array;
};
const reader = attachReader(handle, 1);
const count = reader.slotCount;
for (let slot = 0; slot < count; slot++) reader.show(slot);
let [searches, short] = [0, 0];
Atomics.store(state, 0, 1);
Atomics.notify(state, 0);
while (Atomics.load(state, 1) === 0) {
  const { slots } = reader.search(near, { limit: 4, efSearch: 4 });
  if (slots.length < 4 || slots.some((slot) => slot >= count)) short++;
  Atomics.store(state, 2, ++searches);
}
parentPort?.postMessage({ searches, short });
