import { parentPort, workerData } from "node:worker_threads";
import { MurmurationError } from "@murmuration/index";
import type { ReaderStart } from "./messages.js";
import { serveReader } from "./serve-reader.js";
import { deadlyKeys, payloadsByKey } from "./written-points.test-support.js";

// A reader's thread to which some payloads do harm.

const harm = new Map<number, () => void>([
  [deadlyKeys.exits, () => process.exit(3)],
  [deadlyKeys.stays, () => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)],
  [deadlyKeys.fillsHeap, fillHeap],
  [deadlyKeys.traps, trap],
  [
    deadlyKeys.failsLater,
    () =>
      setImmediate(() => {
        throw new Error("failed later");
      }),
  ],
  [
    deadlyKeys.fails,
    () => {
      throw new MurmurationError("corrupt", "the bytes are not those that were written");
    },
  ],
]);

function fillHeap(): void {
  const kept: number[][] = [];
  for (;;) kept.push(new Array<number>(100_000).fill(0.5));
}

/** A module that does nothing but fail. */
function trap(): void {
  const bytes = [
    0, 97, 115, 109, 1, 0, 0, 0, 1, 4, 1, 96, 0, 0, 3, 2, 1, 0, 7, 5, 1, 1, 116, 0, 0, 10, 5, 1, 3, 0, 0, 11,
  ];
  const { WebAssembly } = globalThis as unknown as {
    readonly WebAssembly: {
      Module: new (bytes: Uint8Array) => object;
      Instance: new (module: object) => { readonly exports: { readonly t: () => void } };
    };
  };
  new WebAssembly.Instance(new WebAssembly.Module(Uint8Array.from(bytes))).exports.t();
}

serveReader(parentPort as NonNullable<typeof parentPort>, workerData as ReaderStart, () => ({
  bytesOf(key) {
    harm.get(key)?.();
    return payloadsByKey.bytesOf(key);
  },
}));
