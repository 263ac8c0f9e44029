import { decode } from "@msgpack/msgpack";
import { encodeMessage } from "./message.js";

/** An operation row, or another message, in which one thing was changed. */
export interface Mutation {
  /** Which field became what, as `7.0.1 ← NaN`. */
  readonly what: string;
  readonly bytes: Uint8Array;
}

const nanF32 = Uint8Array.of(0, 0, 0xc0, 0x7f, 0, 0, 0xc0, 0x7f);
const infiniteF16 = Uint8Array.of(0, 0x7c, 0, 0x3c);
const deep = Array.from({ length: 70 }).reduce<unknown>((inner) => ({ a: inner }), 1);

/** What somebody hostile, or broken, puts in place of a field. */
export const hostileValues: readonly unknown[] = [
  null,
  true,
  -1,
  0,
  1,
  7,
  1.5,
  Number.NaN,
  Number.POSITIVE_INFINITY,
  2 ** 24,
  2 ** 40,
  2 ** 53,
  5n,
  2n ** 64n - 1n,
  -(2n ** 63n),
  "",
  "\ufeff",
  "a\ud800",
  "__proto__",
  "constructor",
  "../../x",
  new Uint8Array(0),
  new Uint8Array(16),
  nanF32,
  infiniteF16,
  [],
  [0],
  [1, 1],
  [1, 1, 1, 1],
  ["", ""],
  ["__proto__"],
  [[]],
  [["", nanF32, new Uint8Array(0)]],
  [["", infiniteF16, new Uint8Array(0), 1]],
  [["", 0, nanF32, new Uint8Array(0)]],
  [["", 1, infiniteF16, new Uint8Array(0)]],
  [["", 16, new Uint8Array(4), new Uint8Array(4), new Uint8Array(0)]],
  [["", 17, [new Uint8Array(4)], [new Uint8Array(0)]]],
  {},
  { a: Number.NaN },
  { a: 5n },
  { a: [{ constructor: Number.NEGATIVE_INFINITY }] },
  { "a\udc00": 1 },
  deep,
];

function shown(value: unknown): string {
  return JSON.stringify(value, (_, item: unknown) =>
    typeof item === "bigint" || typeof item === "number" ? String(item) : item,
  ).slice(0, 80);
}

/** The value with each thing inside of it changed in turn: replaced, left out, or doubled. */
function* changed(value: unknown, place: string): Generator<{ readonly what: string; readonly value: unknown }> {
  for (const hostile of hostileValues) yield { what: `${place} ← ${shown(hostile)}`, value: hostile };
  if (Array.isArray(value)) {
    const items = value as unknown[];
    for (const [i, item] of items.entries()) {
      yield { what: `${place}.${i} left out`, value: items.toSpliced(i, 1) };
      yield { what: `${place}.${i} twice`, value: items.toSpliced(i, 0, item) };
      for (const inner of changed(item, `${place}.${i}`)) {
        yield { what: inner.what, value: items.with(i, inner.value) };
      }
    }
  } else if (typeof value === "object" && value !== null && !ArrayBuffer.isView(value)) {
    const object = value as { readonly [key: string]: unknown };
    for (const key of Object.keys(object)) {
      for (const inner of changed(object[key], `${place}.${key}`)) {
        yield { what: inner.what, value: { ...object, [key]: inner.value } };
      }
    }
  }
}

/** Every mutation of a message: each field at each depth replaced by each hostile value, left out or doubled, one at a time. */
export function* mutationsOf(message: Uint8Array): Generator<Mutation> {
  const fields = decode(message, { useBigInt64: true }) as unknown[];
  for (const [i, field] of fields.entries()) {
    yield { what: `${i} left out`, bytes: encodeMessage(fields.toSpliced(i, 1)) };
    for (const { what, value } of changed(field, `${i}`)) {
      yield { what, bytes: encodeMessage(fields.with(i, value)) };
    }
  }
}
