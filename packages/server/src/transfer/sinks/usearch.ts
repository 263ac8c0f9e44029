import { MurmurationError, VectorIndex, writeUsearchFile } from "@murmuration/index";
import type { CarriedPoint } from "../carried-point.js";
import { usearchPointsMax } from "../transfer-limits.js";
import { onlyVector, VectorFile } from "./rows-and-payload.js";
import type { Sink, SinkOptions } from "./sink.js";

const metrics: { readonly [distance: string]: "cosine" | "dot" | "euclid" } = {
  Cosine: "cosine",
  Dot: "dot",
  Euclid: "euclid",
};

/** A graph of the vectors, built here, under their ids, as usearch opens it; payloads stand in `FILE.payload.ndjson`. Ids are integers: a key has 64 bits. */
export function openUsearchSink(options: SinkOptions): Sink {
  const { name, size, distance = "", leftOut } = onlyVector(options, "usearch");
  const metric = metrics[distance];
  if (metric === undefined) throw new MurmurationError("unsupported", `usearch has no distance ${distance}`);
  const index = new VectorIndex({ dimensions: size, metric, links: 16, efConstruction: 128, quantization: "int8" });
  const file = new VectorFile(options, name, "usearch");
  const keys: bigint[] = [];
  const put = (point: CarriedPoint) => {
    if (typeof point.id === "string")
      throw new MurmurationError(
        "unsupported",
        `point ${point.id} is named by a UUID, and a key of usearch has 64 bits`,
      );
    if (BigInt(point.id) === 2n ** 64n - 1n)
      throw new MurmurationError("unsupported", `point ${point.id}: that key marks a removed vector`);
    if (keys.length === usearchPointsMax)
      throw new MurmurationError("capacity", `a .usearch file is made of at most ${usearchPointsMax} points`);
    const vector = file.put(point);
    const dot = { origin: 1, sequence: keys.length + 1 };
    const slot = index.apply(dot, vector, index.plan(dot, vector));
    index.reader.show(slot);
    keys[slot] = BigInt(point.id);
  };
  return {
    format: "usearch",
    files: file.files,
    leftOut: ["the collection's configuration and payload indexes", ...leftOut],
    put: (points) => {
      for (const point of points) put(point);
    },
    end: () => {
      for (const chunk of writeUsearchFile(index.reader, (slot) => keys[slot] as bigint)) file.write(chunk);
      file.end();
    },
    abandon: () => file.abandon(),
  };
}
