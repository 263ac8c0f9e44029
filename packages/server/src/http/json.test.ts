import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { MurmurationError, printJson } from "@murmuration/index";
import fc from "fast-check";
import { parseJson, parseJsonBytes } from "./json.js";
import { nestsDeeperThan } from "./json-depth.js";

const isFormat = (error: unknown) => error instanceof MurmurationError && error.code === "format";

describe("parseJson", () => {
  it("keeps integers beyond 2^53 exactly", () => {
    assert.deepEqual(parseJson('{"id":18446744073709551615,"a":[9007199254740993],"b":-9223372036854775808}'), {
      id: 18446744073709551615n,
      a: [9007199254740993n],
      b: -9223372036854775808n,
    });
  });

  it("leaves safe integers and fractions of many digits as numbers", () => {
    const value = parseJson("[9007199254740991,0.1234567890123456789,1234567890123456.5,12345678901234567e2]");
    assert.deepEqual(value, [9007199254740991, 0.12345678901234568, 1234567890123456.5, 1234567890123456700]);
  });

  it("rounds integers beyond 64 bits", () => {
    assert.deepEqual(
      parseJson("[18446744073709551616,-9223372036854775809]"),
      [18446744073709552000, -9223372036854775808],
    );
  });

  it("lets the last of equal keys win, with and without long integers", () => {
    assert.deepEqual(parseJson('{"a":1,"a":2}'), { a: 2 });
    assert.deepEqual(parseJson('{"a":1,"a":9007199254740993}'), { a: 9007199254740993n });
  });

  it("refuses broken JSON, also beside a long integer", () => {
    for (const text of ["", "{", "[1,]", "nul", "[18446744073709551615", '{"a":18446744073709551615,}', "\u0000"]) {
      assert.throws(() => parseJson(text), isFormat, text);
    }
  });

  it("refuses deep nesting without overflowing the stack", () => {
    const depth = 100_000;
    assert.throws(() => parseJson("[".repeat(depth) + "]".repeat(depth)), isFormat);
    assert.throws(() => parseJson(`${'{"a":'.repeat(depth)}1${"}".repeat(depth)}`), isFormat);
    assert.throws(() => parseJson(`${"[".repeat(depth)}18446744073709551615${"]".repeat(depth)}`), isFormat);
    assert.throws(() => parseJson(`${"[".repeat(depth)}1e100${"]".repeat(depth)}`), isFormat);
  });

  it("accepts 128 levels and refuses 129", () => {
    assert.ok(parseJson("[".repeat(128) + "]".repeat(128)));
    assert.throws(() => parseJson("[".repeat(129) + "]".repeat(129)), isFormat);
  });

  it("refuses an object of more keys than can be looked through in one go, with its place and the limit", () => {
    const object = (keys: number) => `{${Array.from({ length: keys }, (_, i) => `"${i}":0`).join()}}`;
    assert.equal(Object.keys(parseJson(`{"a":${object(100_000)}}`) as object).length, 1);
    assert.throws(
      () => parseJson(`{"points":[{"payload":${object(100_001)}}]}`),
      (error) =>
        error instanceof MurmurationError &&
        error.code === "validation" &&
        error.field === "points[0].payload" &&
        error.message === "100001 keys in one object, the limit (keys of an object) is 100000",
    );
  });

  it("refuses the key __proto__ in any spelling and names where it stands", () => {
    for (const key of ["__proto__", "\\u005f_proto__"]) {
      assert.throws(
        () => parseJson(`{"points":[{"id":1},{"payload":{"${key}":{"polluted":true}}}]}`),
        (error) => isFormat(error) && (error as MurmurationError).field === "points[1].payload.__proto__",
      );
    }
    assert.equal(({} as Record<string, unknown>).polluted, undefined);
  });

  it("refuses numbers that a double cannot hold", () => {
    assert.throws(() => parseJson('{"a":1e999}'), isFormat);
    assert.throws(() => parseJson(`[${"9".repeat(400)}]`), isFormat);
    assert.deepEqual(parseJson("[1e300]"), [1e300]);
  });

  it("refuses text that is not well-formed, values and keys, and names where it stands", () => {
    const cases: readonly (readonly [string, string])[] = [
      ['{"points":[{"payload":{"t":"x\\ud83c"}}]}', "points[0].payload.t"],
      ['{"points":[{"payload":{"t":["ok","\\udc00\\ud800"]}}]}', "points[0].payload.t[1]"],
      ['{"points":[{"payload":{"a\\uDFFF":1}}]}', "points[0].payload"],
      ['"\\ud800"', ""],
      ['["\\ud800",9007199254740993]', "[0]"],
    ];
    for (const [text, field] of cases) {
      assert.throws(
        () => parseJson(text),
        (error) =>
          isFormat(error) && (error as MurmurationError).field === field && /lone surrogate/.test(String(error)),
        text,
      );
    }
    assert.deepEqual(parseJson('{"\\ud83c\\udf0d":"\\ufeff\\u0000\\uffff"}'), { "🌍": "\ufeff\0\uffff" });
  });

  /** JSON text as people, programs and attackers write it: any spacing and escapes, keys that stand twice. */
  const anyString = fc
    .array(
      fc.oneof(
        fc.string({ unit: "grapheme", maxLength: 3 }).map((text) => JSON.stringify(text).slice(1, -1)),
        fc.constantFrom(
          "\\u0041",
          "\\ufeff",
          "\ufeff",
          "\\ud83c\\udf0d",
          "\\n",
          "\\u0000",
          '\\"',
          "prototype",
          "toJSON",
          "12345678901234567890",
        ),
      ),
      { maxLength: 4 },
    )
    .map((parts) => `"${parts.join("")}"`);
  const anyNumber = fc.oneof(
    fc.integer().map(String),
    fc.bigInt({ min: -(2n ** 66n), max: 2n ** 66n }).map(String),
    fc.double({ noNaN: true, noDefaultInfinity: true }).map(String),
    fc.constantFrom("-0", "1e5", "1.5E-7", "9007199254740992", "9007199254740993", "0.10000000000000000555", "-0.0"),
  );
  const { json } = fc.letrec<{ json: string }>((tie) => ({
    json: fc.oneof(
      { maxDepth: 4 },
      anyString,
      anyNumber,
      fc.constantFrom("true", "false", "null", "{}", "[]", " [ ] ", "{ }"),
      fc.array(tie("json"), { maxLength: 4 }).map((items) => `[${items.join(" , ")}]`),
      fc
        .array(
          fc.tuple(
            fc.oneof(fc.constantFrom('"a"', '"isLosslessNumber"', '"0"', '"constructor"'), anyString),
            tie("json"),
          ),
          { maxLength: 5 },
        )
        .map((entries) => `{${entries.map(([key, value]) => `${key}:${value}`).join(",")}}`),
    ),
  }));

  it("reads everything but long integers as JSON.parse does, whether one stands beside or not", () => {
    const rounded = (value: unknown): unknown => {
      if (typeof value === "bigint") return Number(value);
      if (Array.isArray(value)) return value.map(rounded);
      if (typeof value !== "object" || value === null) return value;
      return Object.fromEntries(Object.entries(value).map(([key, child]) => [key, rounded(child)]));
    };
    fc.assert(
      fc.property(json, (text) => {
        const expected = JSON.parse(text) as unknown;
        assert.deepEqual(rounded(parseJson(text)), expected);
        assert.deepEqual(rounded(parseJson(`[${text},9007199254740993]`)), [expected, 9007199254740992]);
        // what is printed is what was read
        const printed = printJson(parseJson(text));
        assert.equal(printJson(parseJson(printed)), printed);
      }),
      { numRuns: 2_000 },
    );
  });

  it("lets the last of equal keys win though it looks like the first to a careless comparison", () => {
    assert.deepEqual(parseJson('{"a":{},"a":[],"n":9007199254740993}'), { a: [], n: 9007199254740993n });
    assert.deepEqual(parseJson('{"a":{"0":1},"a":[1],"n":9007199254740993}'), { a: [1], n: 9007199254740993n });
    const twice =
      '{"a":[9007199254740993],"a":{"0":9007199254740993},"b":{"0":9007199254740993},"b":[9007199254740993]}';
    assert.deepEqual(parseJson(twice), { a: { 0: 9007199254740993n }, b: [9007199254740993n] });
  });

  it("prints a payload that looks like another library's number as what it is", () => {
    const value = { isLosslessNumber: true, value: "1", n: 9007199254740993n };
    assert.equal(printJson(value), '{"isLosslessNumber":true,"value":"1","n":9007199254740993}');
  });

  it("reads back whatever printJson prints", () => {
    const leaf = fc.oneof(
      fc.integer(),
      fc.bigInt({ min: -(2n ** 63n), max: 2n ** 64n - 1n }),
      fc.string(),
      fc.boolean(),
    );
    const { value } = fc.letrec<{ value: unknown }>((tie) => ({
      value: fc.oneof(
        { maxDepth: 3 },
        leaf,
        fc.array(tie("value"), { maxLength: 4 }),
        fc.dictionary(
          fc.string().filter((key) => key !== "__proto__"),
          tie("value"),
          { maxKeys: 4, noNullPrototype: true },
        ),
      ),
    }));
    const canonical = (text: string) => printJson(parseJson(text));
    fc.assert(fc.property(value, (sample) => assert.equal(canonical(printJson(sample)), printJson(sample))));
  });
});

describe("parseJsonBytes", () => {
  it("refuses text that is not UTF-8", () => {
    assert.throws(() => parseJsonBytes(Buffer.from([0x22, 0xff, 0x22])), isFormat);
  });

  it("says at which byte it is not", () => {
    for (const [bytes, at] of [
      [Buffer.from([0x22, 0xff, 0x22]), 1],
      [Buffer.concat([Buffer.from('"é\ufffd'), Buffer.from([0xed, 0xa0, 0x80]), Buffer.from('"')]), 6],
      [Buffer.concat([Buffer.from('"🌍'), Buffer.from([0xe2, 0x82])]), 5],
    ] as const) {
      assert.throws(
        () => parseJsonBytes(bytes),
        (error) => isFormat(error) && String(error).includes(`at byte ${at}`),
        `${at}`,
      );
    }
  });

  it("refuses a byte order mark in front, and keeps every other", () => {
    const marked = Buffer.from('\ufeff{"a":1}');
    assert.throws(
      () => parseJsonBytes(marked),
      (error) => isFormat(error) && /byte order mark/.test(String(error)),
    );
    assert.deepEqual(parseJsonBytes(Buffer.from('{"\ufeffa":"\ufeff"}')), { "\ufeffa": "\ufeff" });
  });

  it("refuses 32 MiB of brackets at once", () => {
    const started = performance.now();
    assert.throws(() => parseJsonBytes(Buffer.alloc(32 * 1024 * 1024, "[")), isFormat);
    assert.throws(() => parseJsonBytes(Buffer.alloc(32 * 1024 * 1024, "[1,")), isFormat);
    assert.ok(performance.now() - started < 2_000);
  });
});

describe("nestsDeeperThan", () => {
  it("is not led astray by arrays that only begin like a vector", () => {
    for (const text of ['[1,{"a":{"b":2}}]', '[1,"]",{"a":{}}]', "[-1,[[]]]", '[1,"\\"]",[[]]]']) {
      assert.equal(nestsDeeperThan(Buffer.from(text), 2), true, text);
      assert.equal(nestsDeeperThan(Buffer.from(text), 3), false, text);
    }
  });

  function depthOf(value: unknown): number {
    if (typeof value !== "object" || value === null) return 0;
    return 1 + Math.max(0, ...Object.values(value).map(depthOf));
  }

  it("agrees with the depth of the parsed value", () => {
    const nested = fc.letrec<{ value: unknown }>((tie) => ({
      value: fc.oneof(
        { maxDepth: 6 },
        fc.string(),
        fc.array(fc.double({ noNaN: true, noDefaultInfinity: true })),
        fc.constant('[{"\\\"'),
        fc.array(fc.oneof(fc.integer(), tie("value")), { maxLength: 4 }),
        fc.dictionary(fc.string(), tie("value"), { maxKeys: 4 }),
      ),
    }));
    fc.assert(
      fc.property(nested.value, fc.integer({ min: 0, max: 8 }), fc.boolean(), (value, depthMax, indented) => {
        const bytes = Buffer.from(JSON.stringify(value, null, indented ? 1 : 0));
        assert.equal(nestsDeeperThan(bytes, depthMax), depthOf(value) > depthMax);
      }),
      { numRuns: 2_000 },
    );
  });
});
