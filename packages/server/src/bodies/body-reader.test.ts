import assert from "node:assert/strict";
import { describe, it, type TestContext } from "node:test";
import { MurmurationError } from "@murmuration/index";
import fc from "fast-check";
import { parseJsonBytes } from "../http/json.js";
import { ReadTurns } from "../http/read-turns.js";
import { validate } from "../http/schemas/validate.js";
import { routes } from "../routes/mod.js";
import { BodyReader, type UnreadBody } from "./body-reader.js";
import { routeKey } from "./messages.js";
import { pieceWeight } from "./pieces.js";

const bytesMax = 32 * 1024 * 1024;
const upsert = "PUT /collections/{collection_name}/points";
const retrieve = "POST /collections/{collection_name}/points";

const unread = (text: string | Buffer, route: string, others: Partial<UnreadBody> = {}): UnreadBody => {
  const given = Buffer.from(text as string);
  const bytes = Buffer.allocUnsafeSlow(given.length + 16).subarray(0, given.length);
  given.copy(bytes);
  return { bytes, route, deadlineMs: Infinity, timeoutMs: 60_000, isAbandoned: () => false, ...others };
};

function reader(t: TestContext, turns = new ReadTurns(), workerFile?: URL): BodyReader {
  const made = new BodyReader(turns, bytesMax, workerFile);
  t.after(() => made.close());
  return made;
}

const worker = (source: string) => new URL(`data:text/javascript,${encodeURIComponent(source)}`);

type Outcome = { readonly value: unknown } | { readonly error: unknown };
const plain = ({ code, message, field }: MurmurationError) => ({ code, message, field });

async function outcomeOf(read: () => unknown): Promise<Outcome> {
  try {
    return { value: await read() };
  } catch (error) {
    assert.ok(error instanceof MurmurationError, String(error));
    return { error: plain(error) };
  }
}

/** Bodies that routes take, with what may stand in any place of them put there. */
const vector = fc.array(fc.double({ noNaN: true, min: -1e39, max: 1e39 }), { maxLength: 4 });
const id = fc.oneof(fc.nat(), fc.uuid(), fc.bigInt({ min: 0n, max: 2n ** 64n }), fc.constant(-1));
const anything = fc.oneof(
  fc.jsonValue({ maxDepth: 3 }),
  fc.constantFrom(9007199254740993n, 1e400, "\ud800", {}, [], [[]], { __proto__: null }),
);
const vectors = fc.oneof(vector, fc.dictionary(fc.string(), vector, { noNullPrototype: true }), anything);
const point = fc.record({ id, vector: vectors, payload: anything }, { requiredKeys: [] });
const condition = fc.oneof(
  fc.record({ key: fc.string(), match: fc.record({ any: fc.array(fc.oneof(fc.string(), fc.integer())) }) }),
  fc.record({ has_id: fc.array(id) }),
  fc.record({ key: fc.constant("a"), range: fc.record({ gte: fc.double({ noNaN: true }) }) }),
);
const filter = fc.oneof(fc.record({ must: fc.array(condition), should: condition }, { requiredKeys: [] }), anything);
const body = fc.oneof(
  fc.record(
    {
      points: fc.oneof(fc.array(point), fc.array(id), anything),
      batch: fc.record({ ids: fc.array(id), vectors: fc.array(vectors) }, { requiredKeys: [] }),
      filter,
      update_filter: filter,
      ids: fc.array(id),
      keys: fc.array(fc.string()),
      payload: anything,
      query: vectors,
      vector: fc.oneof(vector, fc.array(fc.string())),
      limit: fc.nat(),
      searches: fc.array(fc.record({ query: vectors, limit: fc.nat(), filter }, { requiredKeys: [] })),
      vectors: fc.record({ size: fc.nat(), distance: fc.constantFrom("Cosine", "Cos") }, { requiredKeys: [] }),
    },
    { requiredKeys: [] },
  ),
  anything,
);
const textOf = (value: unknown): string =>
  JSON.stringify(value, (_, item: unknown) => (typeof item === "bigint" ? `\u0000${item}` : item))
    ?.replace(/"\\u0000(\d+)"/g, "$1")
    .replaceAll(/\bnull\b/g, (found, at: number) => (at % 5 === 0 ? "1e999" : found)) ?? "";
const text = fc.oneof(
  { weight: 8, arbitrary: body.map(textOf) },
  { weight: 1, arbitrary: fc.tuple(body.map(textOf), fc.nat()).map(([whole, at]) => whole.slice(0, at % 64)) },
  { weight: 1, arbitrary: fc.uint8Array({ maxLength: 8 }).map((bytes) => Buffer.from(bytes)) },
);

describe("a body that is read in another thread", () => {
  it("comes to the same as one that is read here, value or error, on every route", async (t) => {
    const elsewhere = reader(t);
    const taking = routes.filter(({ method }) => method !== "GET");
    const counts = { value: 0, error: 0 };
    await fc.assert(
      fc.asyncProperty(text, fc.nat(), async (given, at) => {
        const route = taking[at % taking.length] as (typeof taking)[number];
        const here = await outcomeOf(() => validate(route.body, parseJsonBytes(Buffer.from(given as string))));
        const there = await outcomeOf(async () => {
          const read = await elsewhere.read(unread(given, routeKey(route.method, route.path)));
          assert.deepEqual(read.bytes, Buffer.from(given as string));
          return read.value();
        });
        assert.deepEqual(there, here);
        counts["value" in here ? "value" : "error"]++;
      }),
      { numRuns: 600 },
    );
    assert.ok(counts.value > 50 && counts.error > 50, JSON.stringify(counts));
  });

  it("is put together in turns: others go on after every few pieces of it", async (t) => {
    let nowMs = 0;
    let turns = 0;
    const later = (act: () => void) => {
      turns++;
      setImmediate(act);
    };
    // a clock on which a piece takes a millisecond
    const made = reader(t, new ReadTurns(() => nowMs++, later));
    const pieces = 100;
    const ids = Array.from({ length: pieces * pieceWeight }, (_, i) => i);
    const read = await made.read(unread(JSON.stringify({ ids }), retrieve));
    assert.deepEqual((read.value() as { readonly ids: unknown }).ids, ids);
    assert.ok(turns >= pieces / 5, `${turns} turns`);
  });

  it("fails with the thread that dies of it; the next one is read by another thread", async (t) => {
    const source = `
      import { parentPort } from "node:worker_threads";
      parentPort.on("message", ({ bytes }) => {
        if (bytes.length > 20) throw new Error("too much for this thread");
        parentPort.postMessage({ bytes, outcome: { kind: "value", pieces: 0 } }, [bytes.buffer]);
      });`;
    const made = reader(t, undefined, worker(source));
    const died = outcomeOf(() => made.read(unread('{"a": "something longer"}', upsert)));
    const next = outcomeOf(async () => (await made.read(unread("{}", upsert))).bytes.toString());
    assert.deepEqual(await died, {
      error: { code: "internal", message: "the thread that reads large bodies has ended", field: undefined },
    });
    assert.deepEqual(await next, { value: "{}" });
  });

  it("waits within bounds: for its time, for others that came first, and not behind all that are larger", async (t) => {
    const source = `
      import { parentPort } from "node:worker_threads";
      parentPort.on("message", ({ bytes }) =>
        parentPort.postMessage({ bytes, outcome: { kind: "value", pieces: 0 } }, [bytes.buffer]));`;
    const made = reader(t, undefined, worker(source));
    const order: number[] = [];
    const sizes = [900, 800, 700, 600, 10, 20];
    const reads = sizes.map((size) => made.read(unread("x".repeat(size), upsert)).then(() => order.push(size)));
    const late = outcomeOf(() => made.read(unread("x", upsert, { deadlineMs: 0 })));
    const gone = outcomeOf(() => made.read(unread("x", upsert, { isAbandoned: () => true })));
    const others = Array.from({ length: 256 }, () => outcomeOf(() => made.read(unread("x".repeat(1000), upsert))));
    await Promise.all(reads);
    assert.deepEqual(
      order,
      [900, 800, 10, 700, 20, 600].sort((a, b) => order.indexOf(a) - order.indexOf(b)),
    );
    assert.ok(order.indexOf(10) <= 2 && order.indexOf(800) <= 3, order.join());
    assert.equal(((await late) as { error: { code: string } }).error.code, "timeout");
    assert.equal(((await gone) as { error: { code: string } }).error.code, "unavailable");
    const outcomes = await Promise.all(others);
    const refused = outcomes.filter((outcome) => "error" in outcome);
    assert.equal(refused.length, 7);
    assert.match(JSON.stringify(refused[0]), /256 large bodies wait to be read already/);
  });

  it("is refused when the server stops, whether it is being read or waits", async () => {
    const made = new BodyReader(new ReadTurns(), bytesMax, worker(`setInterval(() => undefined, 1000)`));
    const reads = [1, 2].map(() => outcomeOf(() => made.read(unread("{}", upsert))));
    await made.close();
    reads.push(outcomeOf(() => made.read(unread("{}", upsert))));
    const error = { code: "unavailable", message: "the server is stopping", field: undefined };
    assert.deepEqual(await Promise.all(reads), [{ error }, { error }, { error }]);
  });
});
