import { MurmurationError } from "@murmuration/index";
import type { Fields, Source } from "../source.js";
import { npyHeaderBytesMax } from "../transfer-limits.js";
import { type OpenFile, openFile } from "./file-identity.js";
import { withPayloadFile } from "./payload-rows.js";

const BLOCK_BYTES = 4 * 1024 * 1024;

/** Numbers by their descriptions, little-endian: bytes of one, and how it is read. */
const kinds: {
  readonly [descr: string]: { readonly bytes: number; readonly read: (view: DataView, at: number) => number };
} = {
  "<f4": { bytes: 4, read: (view, at) => view.getFloat32(at, true) },
  "<f8": { bytes: 8, read: (view, at) => view.getFloat64(at, true) },
  "<f2": { bytes: 2, read: (view, at) => halfOf(view.getUint16(at, true)) },
  "|u1": { bytes: 1, read: (view, at) => view.getUint8(at) },
  "|i1": { bytes: 1, read: (view, at) => view.getInt8(at) },
  "<i2": { bytes: 2, read: (view, at) => view.getInt16(at, true) },
  "<i4": { bytes: 4, read: (view, at) => view.getInt32(at, true) },
};

/** A float of 16 bits (IEEE 754). */
function halfOf(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction === 0 ? sign * Infinity : Number.NaN;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

function refuse(path: string, why: string): never {
  throw new MurmurationError("format", `${path}: ${why}`);
}

/** Format version 1 to 3 (numpy.lib.format): magic, length of the header, a dict of Python in it. */
function headerOf(file: OpenFile) {
  const { path } = file;
  if (file.bytes < 12 || file.read(0, 6).toString("latin1") !== "\x93NUMPY") refuse(path, "it is no .npy file");
  const major = file.read(6, 1)[0] as number;
  if (major < 1 || major > 3) refuse(path, `.npy files of version ${major} are not known`);
  const length = major === 1 ? file.read(8, 2).readUInt16LE(0) : file.read(8, 4).readUInt32LE(0);
  const start = major === 1 ? 10 : 12;
  if (length > npyHeaderBytesMax) refuse(path, `its header has ${length} bytes, the limit is ${npyHeaderBytesMax}`);
  const text = file.read(start, length).toString(major === 3 ? "utf8" : "latin1");
  const descr = /'descr':\s*'([^']+)'/.exec(text)?.[1];
  const order = /'fortran_order':\s*(True|False)/.exec(text)?.[1];
  const shape = /'shape':\s*\(([\d,\s]*)\)/
    .exec(text)?.[1]
    ?.split(",")
    .map((part) => part.trim())
    .filter((part) => part !== "")
    .map(Number);
  const kind = descr === undefined ? undefined : Object.hasOwn(kinds, descr) ? kinds[descr] : undefined;
  if (kind === undefined)
    refuse(path, `numbers of ${descr ?? "no kind"} are not read: ${Object.keys(kinds).join(", ")} are`);
  if (order !== "False") refuse(path, "its columns come first (fortran_order): save it by numpy.ascontiguousarray");
  const [rows, size, ...more] = shape ?? [];
  if (rows === undefined || size === undefined || more.length > 0 || size < 1)
    refuse(path, `an array of rows × dimensions is expected, it is (${shape?.join(", ") ?? ""})`);
  return { kind, rows, size, start: start + length };
}

/** Vectors of an `.npy` file, with their ids and payloads in a file of NDJSON beside it. */
export async function openNpy(path: string, payloadFile: string | undefined): Promise<Source> {
  const file = openFile(path);
  try {
    const { kind, rows, size, start } = headerOf(file);
    const rowBytes = kind.bytes * size;
    const expected = start + rows * rowBytes;
    function* blocks(from: number): Generator<readonly Fields[], void, void> {
      const whole = Math.min(rows, Math.floor((file.bytes - start) / rowBytes));
      const perBlock = Math.max(1, Math.floor(BLOCK_BYTES / rowBytes));
      for (let row = from; row < whole; row += perBlock) {
        const count = Math.min(perBlock, whole - row);
        const bytes = file.read(start + row * rowBytes, count * rowBytes);
        const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
        yield Array.from({ length: count }, (_, at) => {
          const vector = new Float32Array(size);
          for (let i = 0; i < size; i++) vector[i] = kind.read(view, at * rowBytes + i * kind.bytes);
          return new Map([["vector", vector]]);
        });
      }
      if (file.bytes < expected)
        throw new MurmurationError("corrupt", `${path} ends at byte ${file.bytes}, within row ${whole + 1} of ${rows}`);
      if (file.bytes > expected)
        throw new MurmurationError("corrupt", `${path} has ${file.bytes - expected} bytes behind its last row`);
    }
    const of = {
      path,
      format: "npy",
      identity: file.identity,
      total: rows,
      vector: "vector",
      blocks,
      close: () => file.close(),
    };
    return await withPayloadFile(of, payloadFile);
  } catch (error) {
    file.close();
    throw error;
  }
}
