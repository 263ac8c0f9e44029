import { MurmurationError, printJson } from "@murmuration/index";
import { printId } from "../../read/print-points.js";
import type { CarriedPoint } from "../carried-point.js";
import { OutputFile } from "./output-file.js";
import type { SinkOptions } from "./sink.js";

/** The file of ids and payloads beside one of vectors. */
export const payloadFileOf = (output: string) => `${output}.payload.ndjson`;

/** What a file of vectors of one kind holds, and what it leaves behind. */
export interface OnlyVector {
  readonly name: string;
  readonly size: number;
  readonly distance: string | undefined;
  readonly leftOut: readonly string[];
}

/** The one dense vector of a collection that a file of vectors can hold. Throws `unsupported` where there is none, or several. */
export function onlyVector({ output, shapes }: SinkOptions, format: string): OnlyVector {
  const dense = [...shapes].filter(([, { kind }]) => kind === "dense");
  const [first] = dense;
  if (first === undefined || dense.length > 1) {
    const what =
      dense.length === 0
        ? "no dense vector"
        : `several dense vectors (${dense.map(([name]) => name || "the unnamed one").join(", ")}): choose one by --vectors`;
    throw new MurmurationError(
      "unsupported",
      `a .${format} file holds one dense vector a point; the collection has ${what}`,
    );
  }
  if (output === "-")
    throw new MurmurationError(
      "unsupported",
      `a .${format} file has another one with ids and payloads beside it: --output FILE`,
    );
  const [name, { size = 0, distance }] = first;
  const others = [...shapes.keys()].filter((other) => other !== name).map((other) => `vector ${other}`);
  const leftOut = [...others, ...(name === "" ? [] : [`the name of vector ${name}`])];
  return { name, size, distance, leftOut };
}

/** A file of vectors, and one of NDJSON beside it with ids and payloads in the same order: both have their names when both are whole. */
export class VectorFile {
  readonly #vectors: OutputFile;
  readonly #payload: OutputFile;
  readonly #withPayload: boolean;
  readonly #name: string;
  readonly #format: string;

  /** Throws as `OutputFile`, and leaves nothing then. */
  constructor({ output, withPayload }: SinkOptions, name: string, format: string) {
    this.#vectors = new OutputFile(output);
    try {
      this.#payload = new OutputFile(payloadFileOf(output));
    } catch (error) {
      this.#vectors.abandon();
      throw error;
    }
    this.#withPayload = withPayload;
    this.#name = name;
    this.#format = format;
  }

  /** Writes the line of a point; answers its vector. Throws `unsupported` for a point without one. */
  put({ id, vectors, payload }: CarriedPoint): Float32Array {
    const vector = vectors[this.#name];
    if (!(vector instanceof Float32Array))
      throw new MurmurationError(
        "unsupported",
        `point ${id} has no vector, and a .${this.#format} file has no place for such: leave it out by --filter '{"must": [{"has_vector": ${JSON.stringify(this.#name)}}]}'`,
      );
    this.#payload.write(`{"id":${printId(id)}${this.#withPayload ? `,"payload":${printJson(payload)}` : ""}}\n`);
    return vector;
  }

  /** Writes to the file of vectors. Where it throws, nothing is left of either. */
  write(bytes: Uint8Array): void {
    try {
      this.#vectors.write(bytes);
    } catch (error) {
      this.abandon();
      throw error;
    }
  }

  /** Writes over what stands in the file of vectors already. */
  overwrite(bytes: Uint8Array, at: number): void {
    this.#vectors.overwrite(bytes, at);
  }

  get files(): readonly string[] {
    return [this.#vectors.path, this.#payload.path];
  }

  end(): void {
    const both = [this.#payload, this.#vectors];
    for (const file of both) file.finish();
    for (const file of both) file.end();
  }

  abandon(): void {
    for (const file of [this.#payload, this.#vectors]) file.abandon();
  }
}
