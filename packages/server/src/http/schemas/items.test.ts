import assert from "node:assert/strict";
import { test } from "node:test";
import { MurmurationError } from "@murmuration/index";
import { z } from "zod";
import { itemsOf, parsedBy } from "./fields.js";
import { validate } from "./validate.js";

const pair = z.object({ name: z.string() });
const refused = (schema: z.ZodType, value: unknown) => {
  try {
    validate(schema, value);
  } catch (error) {
    if (error instanceof MurmurationError) return [error.field, error.message];
    throw error;
  }
  return undefined;
};

test("a list is read up to the first item that is wrong, however many there are", () => {
  let read = 0;
  const even = parsedBy(
    (value) => {
      read++;
      if (typeof value === "number" && value % 2 === 0) return value / 2;
      throw new MurmurationError("format", "expected an even number");
    },
    { type: "integer" },
  );
  const schema = z.object({ all: itemsOf(even) });
  assert.deepEqual(validate(schema, { all: [2, 4] }), { all: [1, 2] });
  read = 0;
  const fault = ["all[1]", "expected an even number"];
  assert.deepEqual(refused(schema, { all: [2, ...Array(100_000).fill(1)] }), fault);
  assert.equal(read, 2);
});

test("what is wrong with it is told as of any other list", () => {
  for (const value of [[{ name: "a" }, {}], [{ name: 1 }], [1], [], "a", undefined, null])
    assert.deepEqual(
      refused(z.object({ all: itemsOf(pair, 1) }), { all: value }),
      refused(z.object({ all: z.array(pair).min(1) }), { all: value }),
      JSON.stringify(value),
    );
});
