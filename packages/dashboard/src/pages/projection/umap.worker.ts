import { UMAP } from "umap-js";

/** What the worker is asked, once. */
export interface UmapRequest {
  /** f32[count × dimensions] */
  readonly rows: Float32Array;
  readonly dimensions: number;
  readonly neighbours: number;
}

/** What it says: how far it is, and in the end where the points are. */
export type UmapReply =
  | { readonly kind: "progress"; readonly done: number; readonly of: number }
  | { readonly kind: "done"; readonly xs: Float32Array; readonly ys: Float32Array }
  | { readonly kind: "failed"; readonly message: string };

const PROGRESS_EVERY_MS = 100;

/** The same every time: a projection of the same points looks the same. */
function seeded(): () => number {
  let state = 1;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const post = (reply: UmapReply) => postMessage(reply);

function run({ rows, dimensions, neighbours }: UmapRequest): void {
  const count = rows.length / dimensions;
  const points = Array.from({ length: count }, (_, i) => [...rows.subarray(i * dimensions, (i + 1) * dimensions)]);
  const umap = new UMAP({ nComponents: 2, nNeighbors: Math.min(neighbours, count - 1), random: seeded() });
  const epochs = umap.initializeFit(points);
  let toldMs = 0;
  for (let done = 0; done < epochs; done++) {
    umap.step();
    if (performance.now() - toldMs < PROGRESS_EVERY_MS) continue;
    toldMs = performance.now();
    post({ kind: "progress", done, of: epochs });
  }
  const embedding = umap.getEmbedding();
  const coordinate = (axis: number) => Float32Array.from(embedding, (point) => point[axis] ?? 0);
  post({ kind: "done", xs: coordinate(0), ys: coordinate(1) });
}

addEventListener("message", ({ data }: MessageEvent<UmapRequest>) => {
  try {
    run(data);
  } catch (error) {
    post({ kind: "failed", message: error instanceof Error ? error.message : String(error) });
  }
});
