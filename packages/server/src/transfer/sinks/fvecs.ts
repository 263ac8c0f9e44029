import { onlyVector, VectorFile } from "./rows-and-payload.js";
import type { Sink, SinkOptions } from "./sink.js";

/** Float32 vectors, each behind its length; ids and payloads stand in `FILE.payload.ndjson`. */
export function openFvecsSink(options: SinkOptions): Sink {
  const { name, size, leftOut } = onlyVector(options, "fvecs");
  const file = new VectorFile(options, name, "fvecs");
  const length = Buffer.alloc(4);
  length.writeInt32LE(size);
  return {
    format: "fvecs",
    files: file.files,
    leftOut: ["the collection's configuration and payload indexes", ...leftOut],
    put: (points) => {
      for (const point of points) {
        const vector = file.put(point);
        file.write(length);
        file.write(new Uint8Array(vector.buffer, vector.byteOffset, vector.byteLength));
      }
    },
    end: () => file.end(),
    abandon: () => file.abandon(),
  };
}
