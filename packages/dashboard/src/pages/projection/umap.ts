import type { Sample } from "./sample.js";
import type { UmapReply, UmapRequest } from "./umap.worker.js";

/** Where UMAP puts points. */
export interface Embedded {
  readonly xs: Float32Array;
  readonly ys: Float32Array;
}

/** Points of which there are to be more, for it to say something. */
export const UMAP_POINTS_MIN = 4;

/**
 * UMAP (McInnes, Healy and Melville, 2018) in a worker, whose code is loaded for it. `onProgress`: a share, 0 while neighbours are looked for. Rejects with the
 * signal's reason, which also ends the worker, and with an `Error` in words.
 */
export function embed(
  { rows, dimensions }: Sample,
  neighbours: number,
  onProgress: (share: number) => void,
  signal: AbortSignal,
): Promise<Embedded> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL("./umap.worker.ts", import.meta.url), { type: "module" });
    const end = () => {
      worker.terminate();
      signal.removeEventListener("abort", onAbort);
    };
    const onAbort = () => {
      end();
      reject(signal.reason);
    };
    signal.addEventListener("abort", onAbort);
    worker.addEventListener("message", ({ data }: MessageEvent<UmapReply>) => {
      if (data.kind === "progress") return onProgress(data.done / data.of);
      end();
      if (data.kind === "done") resolve({ xs: data.xs, ys: data.ys });
      else reject(new Error(data.message));
    });
    worker.addEventListener("error", (event) => {
      end();
      reject(new Error(event.message || "the projection could not be loaded"));
    });
    worker.postMessage({ rows, dimensions, neighbours } satisfies UmapRequest);
  });
}
