import { onlyVector, VectorFile } from "./rows-and-payload.js";
import type { Sink, SinkOptions } from "./sink.js";

const HEADER_BYTES = 128;

/** Version 1 of numpy's format, padded so that the vectors begin at a multiple of 64 bytes. */
function headerOf(rows: number, size: number): Buffer {
  const dict = `{'descr': '<f4', 'fortran_order': False, 'shape': (${rows}, ${size}), }`;
  const text = `${dict.padEnd(HEADER_BYTES - 11, " ")}\n`;
  const length = Buffer.alloc(2);
  length.writeUInt16LE(text.length);
  return Buffer.concat([Buffer.from("\x93NUMPY\x01\x00", "latin1"), length, Buffer.from(text, "latin1")]);
}

/** Float32 vectors as numpy loads them; ids and payloads stand in `FILE.payload.ndjson`. */
export function openNpySink(options: SinkOptions): Sink {
  const { name, size, leftOut } = onlyVector(options, "npy");
  const file = new VectorFile(options, name, "npy");
  let rows = 0;
  file.write(headerOf(rows, size));
  return {
    format: "npy",
    files: file.files,
    leftOut: ["the collection's configuration and payload indexes", ...leftOut],
    put: (points) => {
      for (const point of points) {
        const vector = file.put(point);
        file.write(new Uint8Array(vector.buffer, vector.byteOffset, vector.byteLength));
        rows++;
      }
    },
    end: () => {
      file.overwrite(headerOf(rows, size), 0);
      file.end();
    },
    abandon: () => file.abandon(),
  };
}
