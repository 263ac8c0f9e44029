import {
  createSegment,
  decodeSegmentImage,
  encodeSegmentImage,
  type PointId,
  type RowChange,
  type Segment,
} from "@murmuration/index";
import { type Benchmark, type BenchRow, cpuSeconds, median } from "./harness.js";

const GROUP = 100;
const ROUNDS = 3;
/** Candidates that one walk's pool holds: the default ef. */
const POOL = 192;
const PAGE = 100;

/** Numbers from 0 to `count`, mixed: neighbours in time are none in memory. */
function mixed(count: number, times: number): Uint32Array {
  return Uint32Array.from({ length: times }, (_, i) => (Math.imul(i + 1, 0x9e3779b1) >>> 0) % count);
}

function idsOf(count: number, kind: "integers" | "UUIDs"): PointId[] {
  const order = mixed(2 ** 31, count);
  if (kind === "integers") return Array.from(order);
  const hex = (word: number) => word.toString(16).padStart(8, "0");
  return Array.from(order, (word, i) => `${hex(word)}-0000-4000-8000-0000${hex(i)}`);
}

const stamp = { wallMs: 1_700_000_000_000, counter: 1, origin: 1 };
const put = (id: PointId, slot: number, payloadKey: number): RowChange => {
  return { kind: "put", id, payloadKey, stamp, version: payloadKey, slots: [slot] };
};

function apply(segment: Segment, count: number, changeAt: (i: number) => RowChange): void {
  for (let from = 0; from < count; from += GROUP) {
    segment.prepare(Array.from({ length: Math.min(GROUP, count - from) }, (_, i) => changeAt(from + i)));
    segment.publish();
  }
}

/** Nanoseconds of processor time for each of `times`, the median of the rounds. */
function nanoseconds(times: number, run: () => void): number {
  const seconds = Array.from({ length: ROUNDS }, () => {
    const start = cpuSeconds();
    run();
    return cpuSeconds() - start;
  });
  return (median(seconds) * 1e9) / times;
}

function copyOf(pieces: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    bytes.set(piece, at);
    at += piece.length;
  }
  return bytes;
}

function measure(
  count: number,
  kind: "integers" | "UUIDs",
): Map<string, { readonly ours: number; readonly peer?: number }> {
  const ids = idsOf(count, kind);
  const found = new Map<string, { readonly ours: number; readonly peer?: number }>();
  const sizes = { capacity: 4 * count, slots: [count] };
  let segment = createSegment(sizes);
  let map = new Map<PointId, RowChange>();
  found.set("insert, ns", {
    ours: nanoseconds(count, () => {
      segment = createSegment(sizes);
      apply(segment, count, (i) => put(ids[i] as PointId, i, i));
    }),
    peer: nanoseconds(count, () => {
      map = new Map();
      for (let i = 0; i < count; i++) map.set(ids[i] as PointId, put(ids[i] as PointId, i, i));
    }),
  });
  const order = mixed(count, count);
  const change = (i: number) => put(ids[order[i] as number] as PointId, order[i] as number, count + i);
  found.set("replace the payload, ns", {
    ours: nanoseconds(count, () => apply(segment, count, change)),
    peer: nanoseconds(count, () => {
      for (let i = 0; i < count; i++) map.set(ids[order[i] as number] as PointId, change(i));
    }),
  });
  const { reader } = segment;
  const { epoch, release } = reader.pin();
  let sum = 0;
  found.set("look up by id, ns", {
    ours: nanoseconds(count, () => {
      for (let i = 0; i < count; i++) sum += reader.rowOf(ids[order[i] as number] as PointId, epoch) as number;
    }),
    peer: nanoseconds(count, () => {
      for (let i = 0; i < count; i++) sum += map.get(ids[order[i] as number] as PointId)?.kind.length as number;
    }),
  });
  const repeats = Math.max(1, Math.round(1_000_000 / count));
  const pools = Array.from({ length: Math.floor(count / POOL) }, (_, i) => order.subarray(i * POOL, (i + 1) * POOL));
  const rowPools = pools.map((pool) => reader.rowsAtSlots(0, pool, epoch).slice());
  found.set("is it visible: slot, row, epochs, ns a candidate", {
    ours: nanoseconds(repeats * pools.length * POOL, () => {
      for (let i = 0; i < repeats; i++)
        for (const pool of pools) sum += reader.rowsAtSlots(0, pool, epoch)[0] as number;
    }),
  });
  found.set("is it visible: epochs alone, ns a candidate", {
    ours: nanoseconds(repeats * pools.length * POOL, () => {
      for (let i = 0; i < repeats; i++)
        for (const pool of rowPools) sum += reader.visibleAmong(pool, epoch)[0] as number;
    }),
  });
  found.set("a page of 100 from anywhere, µs", {
    ours:
      nanoseconds(2_000, () => {
        for (let i = 0; i < 2_000; i++) sum += reader.scroll(ids[order[i] as number], PAGE, epoch).rows.length;
      }) / 1e3,
  });
  found.set("count all rows by their epochs, ms", {
    ours: nanoseconds(1, () => (sum += reader.countByLooking(epoch))) / 1e6,
  });
  release();
  let image: Uint8Array = new Uint8Array(0);
  found.set("save an image, ms", {
    ours: nanoseconds(1, () => (image = copyOf(encodeSegmentImage(segment, "")))) / 1e6,
  });
  found.set("load an image, ms", {
    ours:
      nanoseconds(1, () => {
        let at = 0;
        decodeSegmentImage(segment.options, (target) => {
          target.set(image.subarray(at, at + target.length));
          at += target.length;
          return at <= image.length;
        });
      }) / 1e6,
  });
  found.set("bytes of the image, a point", { ours: image.length / count });
  if (sum === 0) throw new Error("nothing was read");
  return found;
}

/** What a row of the shared read model costs. */
export const rowsBenchmark: Benchmark = {
  name: "rows",
  summary: "rows in shared memory: insert, replace, look up, visibility, scroll, image; against a Map of objects",
  run({ quick }) {
    const count = quick ? 100_000 : 1_000_000;
    const rows: BenchRow[] = [];
    const ratios: Record<string, number> = {};
    for (const kind of ["integers", "UUIDs"] as const) {
      for (const [what, { ours, peer }] of measure(count, kind)) {
        rows.push({
          ids: kind,
          what,
          rows: Number(ours.toPrecision(3)),
          map: peer === undefined ? "" : Number(peer.toPrecision(3)),
        });
        if (peer !== undefined) ratios[`${what} of ${kind}, over Map`] = ours / peer;
      }
    }
    return { bench: "rows", params: { count, group: GROUP, pool: POOL }, rows, ratios };
  },
};
