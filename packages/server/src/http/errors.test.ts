import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { MurmurationError } from "@murmuration/index";
import { pino } from "pino";
import { until } from "../testing/member-app.js";
import { fill, filledApp, testApp } from "../testing/test-app.js";
import { errorAnswer } from "./errors.js";

const DELETE = "/collections/things/points/delete";
const UPSERT = "/collections/things/points";
const upsert = { points: [{ id: 7, vector: [1, 2, 3, 4] }] };

describe("an error by its code", () => {
  const cases: readonly (readonly [MurmurationError, number, RegExp])[] = [
    [new MurmurationError("capacity", "full"), 507, /^Insufficient storage: full$/],
    [new MurmurationError("storage", "disk"), 500, /^Service internal error: disk$/],
    [new MurmurationError("unavailable", "stopping"), 503, /stopping$/],
    [new MurmurationError("wrong-input", "no"), 400, /^Wrong input: no$/],
    [new MurmurationError("bad-request", "no"), 400, /^Bad request: no$/],
    [new MurmurationError("unsupported", "no", "field"), 400, /^Bad request: field: no$/],
    [new MurmurationError("already-exists", "there"), 409, /^Wrong input: there$/],
    [new MurmurationError("conflict", "busy"), 409, /^Conflict: busy$/],
    [new MurmurationError("validation", "small", "points"), 422, /^Validation error in JSON body: \[points: small\]$/],
    [new MurmurationError("format", "odd", "points[1].id"), 400, /^Format error in JSON body: points\[1\]\.id: odd$/],
  ];
  for (const [failure, expectedCode, expectedMessage] of cases) {
    it(`becomes ${expectedCode} for ${failure.code}`, () => {
      const { statusCode, message } = errorAnswer(failure);
      assert.equal(statusCode, expectedCode);
      assert.match(message, expectedMessage);
    });
  }
});

describe("errors of the database", () => {
  it("become 500 while the log takes nothing, which changes nothing, and none once it does", async () => {
    const { ask, log } = await filledApp();
    log.failAfter(0);
    const refused = await ask("POST", DELETE, { points: [1] });
    assert.deepEqual([refused.statusCode, refused.error], [500, "Service internal error: the disk is full"]);
    log.failAfter(Number.POSITIVE_INFINITY);
    assert.equal((await ask("GET", "/collections/things/points/1")).statusCode, 200);
    assert.equal((await ask("POST", `${DELETE}?wait=true`, { points: [1] })).statusCode, 200);
    assert.equal((await ask("GET", "/collections/things/points/1")).statusCode, 404);
  });

  it("become 507 while the engine's heap is full, except for what frees", async () => {
    const before = await testApp();
    await fill(before);
    await before.database.close();
    const mebibyte = 1024 * 1024;
    const heap = { read: () => ({ usedBytes: 90 * mebibyte, limitBytes: 100 * mebibyte }), collect: () => undefined };
    const { ask } = await testApp({}, { log: before.log, heap });
    const { statusCode, error } = await ask("PUT", UPSERT, upsert);
    assert.equal(statusCode, 507);
    assert.match(error ?? "", /^Insufficient storage: memory: the engine thread's heap holds 90 of 100 MiB/);
    assert.equal((await ask("POST", DELETE, { points: [1] })).statusCode, 200);
    assert.match((await ask("GET", "/readyz")).text, /memory: the engine thread's heap/);
  });

  it("become 503 once it is closed, with reads answered from what it holds", async () => {
    const { ask, database } = await filledApp();
    await database.close();
    const { statusCode, error } = await ask("PUT", UPSERT, upsert);
    assert.deepEqual([statusCode, error], [503, "Service unavailable: the server is stopping"]);
    assert.equal((await ask("GET", "/collections/things/points/1")).statusCode, 200);
  });

  it("that nobody expected become 500, say nothing of the inside, and are logged", async () => {
    const lines: string[] = [];
    const logger = pino({ level: "info" }, { write: (line) => void lines.push(line) });
    const { ask, log } = await filledApp({ log: logger });
    log.transaction = () => {
      throw new Error("secret path");
    };
    const { statusCode, text } = await ask("POST", DELETE, { points: [1] });
    assert.equal(statusCode, 500);
    assert.ok(!text.includes("secret"));
    await until("it is logged", () => lines.some((line) => line.includes("secret path")));
  });
});
