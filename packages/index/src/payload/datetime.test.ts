import assert from "node:assert/strict";
import test from "node:test";
import fc from "fast-check";
import { datetimeOf, parseDatetime } from "./datetime.js";

const second = Date.UTC(2024, 1, 29, 13, 5, 9) * 1_000;
const minute = second - 9_000_000;
const day = Date.UTC(2024, 1, 29) * 1_000;

test("every spelling of a datetime is read, in UTC where it names no zone", () => {
  for (const [text, micros] of [
    ["2024-02-29T13:05:09Z", second],
    ["2024-02-29t13:05:09z", second],
    ["2024-02-29 13:05:09+00:00", second],
    ["2024-02-29T13:05:09", second],
    ["2024-02-29 13:05:09", second],
    ["2024-02-29T15:05:09+02:00", second],
    ["2024-02-29T15:05:09+0200", second],
    ["2024-02-29T03:35:09-09:30", second],
    ["2024-03-01T00:05:09+11:00", second],
    ["2024-02-29T13:05", minute],
    ["2024-02-29 13:05", minute],
    ["2024-02-29 13:05Z", minute],
    ["2024-02-29", day],
    ["2024-02-29T13:05:09.1", second + 100_000],
    ["2024-02-29T13:05:09.000001Z", second + 1],
    ["2024-02-29 13:05:09.123456", second + 123_456],
    ["2024-02-29T13:05:09.1234569+00:00", second + 123_456],
    ["2024-02-29T13:05:60Z", minute + 60_000_000],
    ["1969-12-31T23:59:59.999999Z", -1],
    ["1970-01-01", 0],
    ["0000-01-01T00:00:00Z", -62_167_219_200_000_000n],
    ["0099-12-31", BigInt(Date.parse("0099-12-31")) * 1_000n],
    ["9999-12-31T23:59:59.999999Z", 253_402_300_799_999_999n],
  ] as const) {
    assert.equal(parseDatetime(text), micros, text);
  }
});

test("anything else is none", () => {
  for (const text of [
    ...["", "2024", "2024-02", "2023-02-29", "2024-13-01", "2024-00-10", "2024-01-32", "24-01-01", "+2024-01-01"],
    ...["2024-02-29T", "2024-02-29T13", "2024-02-29T24:00:00", "2024-02-29T13:60", "2024-02-29T13:05:61"],
    ...["2024-02-29T13:05:09.", "2024-02-29T13:05:09+2", "2024-02-29T13:05:09+24:00", "2024-02-29Z", "20240229"],
    ...["2024-02-29  13:05", " 2024-02-29", "2024-02-29\n", "٢٠٢٤-02-29", `2024-02-29T13:05:09.${"1".repeat(100)}`],
  ]) {
    assert.equal(parseDatetime(text), undefined, text);
  }
  for (const value of [5, null, true, ["2024-02-29"], {}]) assert.equal(datetimeOf(value), undefined);
});

test("what Date prints is read exactly", () => {
  const ms = fc.integer({ min: Date.parse("0000-01-01"), max: Date.parse("9999-12-31T23:59:59.999Z") });
  fc.assert(
    fc.property(ms, fc.nat(999), (at, micros) => {
      const text = new Date(at).toISOString().replace("Z", `${String(micros).padStart(3, "0")}Z`);
      assert.equal(BigInt(parseDatetime(text) ?? 0), BigInt(at) * 1_000n + BigInt(micros), text);
    }),
    { numRuns: 2_000 },
  );
});
