import { MurmurationError } from "@murmuration/index";
import type { Fields, Source } from "../source.js";
import { openFile } from "./file-identity.js";
import { withPayloadFile } from "./payload-rows.js";

const BLOCK_BYTES = 4 * 1024 * 1024;
const SIZE_MAX = 65_536;

/** Each vector is its length as 32 bits and its numbers (TEXMEX, http://corpus-texmex.irisa.fr); all are of one length. */
const kinds = {
  fvecs: { bytes: 4, read: (view: DataView, at: number) => view.getFloat32(at, true) },
  ivecs: { bytes: 4, read: (view: DataView, at: number) => view.getInt32(at, true) },
  bvecs: { bytes: 1, read: (view: DataView, at: number) => view.getUint8(at) },
} as const;

/** Vectors of a file of the TEXMEX kind, with their ids and payloads in a file of NDJSON beside it. */
export async function openFvecs(
  path: string,
  format: keyof typeof kinds,
  payloadFile: string | undefined,
): Promise<Source> {
  const file = openFile(path);
  try {
    const { bytes: numberBytes, read } = kinds[format];
    if (file.bytes < 4) throw new MurmurationError("format", `${path} is empty`);
    const size = file.read(0, 4).readInt32LE(0);
    if (size < 1 || size > SIZE_MAX)
      throw new MurmurationError(
        "format",
        `${path}: its first vector says that it has ${size} numbers: it is no .${format} file`,
      );
    const rowBytes = 4 + size * numberBytes;
    const total = Math.floor(file.bytes / rowBytes);
    function* blocks(from: number): Generator<readonly Fields[], void, void> {
      const perBlock = Math.max(1, Math.floor(BLOCK_BYTES / rowBytes));
      for (let row = from; row < total; row += perBlock) {
        const count = Math.min(perBlock, total - row);
        const bytes = file.read(row * rowBytes, count * rowBytes);
        const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
        yield Array.from({ length: count }, (_, at) => {
          const here = view.getInt32(at * rowBytes, true);
          if (here !== size)
            throw new MurmurationError(
              "corrupt",
              `${path}: row ${row + at + 1} says that it has ${here} numbers, the first one has ${size}`,
            );
          const vector = new Float32Array(size);
          for (let i = 0; i < size; i++) vector[i] = read(view, at * rowBytes + 4 + i * numberBytes);
          return new Map([["vector", vector]]);
        });
      }
      if (file.bytes !== total * rowBytes)
        throw new MurmurationError("corrupt", `${path} ends at byte ${file.bytes}, within row ${total + 1}`);
    }
    const of = { path, format, identity: file.identity, total, vector: "vector", blocks, close: () => file.close() };
    return await withPayloadFile(of, payloadFile);
  } catch (error) {
    file.close();
    throw error;
  }
}
