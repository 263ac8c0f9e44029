import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { MurmurationError } from "@murmuration/index";
import { pino } from "pino";
import { filledApp } from "../testing/test-app.js";

describe("errors of the database", () => {
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
    it(`become ${expectedCode} for ${failure.code}`, async () => {
      const { ask, database } = await filledApp();
      database.nextFailure = failure;
      const { statusCode, error } = await ask("POST", "/collections/things/points/delete", { points: [1] });
      assert.equal(statusCode, expectedCode);
      assert.match(error ?? "", expectedMessage);
    });
  }

  it("that nobody expected become 500, say nothing of the inside, and are logged", async () => {
    const lines: string[] = [];
    const log = pino({ level: "info" }, { write: (line) => void lines.push(line) });
    const { ask, database } = await filledApp({ log });
    database.nextFailure = new Error("secret path");
    const { statusCode, text } = await ask("POST", "/collections/things/points/delete", { points: [1] });
    assert.equal(statusCode, 500);
    assert.ok(!text.includes("secret"));
    assert.ok(lines.some((line) => line.includes("secret path")));
  });
});
