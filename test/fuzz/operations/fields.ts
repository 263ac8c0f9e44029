import { Decoder, Encoder } from "@msgpack/msgpack";

// As operations are written: 64-bit integers as bigint, everything else as numbers.
const encoder = new Encoder({ useBigInt64: true, maxDepth: 400 });
const decoder = new Decoder({ useBigInt64: true });

/** The fields of an operation: format version, kind, time, dependencies and those of its kind (docs/wire-format.md). */
export function fieldsOf(bytes: Uint8Array): unknown[] {
  return decoder.decode(new Uint8Array(bytes)) as unknown[];
}

/** Fields as bytes, whatever they are. */
export function bytesOf(fields: unknown): Uint8Array {
  return encoder.encode(fields).slice();
}

/** Where the fields of every kind begin. */
export const BODY_AT = 5;
/** Numbers of the kinds of operation. */
export const kinds = {
  upsert: 1,
  "update-vectors": 2,
  "delete-vectors": 3,
  delete: 4,
  "set-payload": 5,
  "overwrite-payload": 6,
  "delete-payload": 7,
  "clear-payload": 8,
  catalogue: 9,
  edges: 10,
  purge: 11,
  forget: 12,
} as const;
