import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { Guard } from "../access/guard.js";
import { routeRights } from "../access/route-rights.js";
import { testApp } from "../testing/test-app.js";
import { bearing, signedToken, testKeys } from "../testing/tokens.js";
import type { AuditLogOptions } from "./audit-log.js";
import { linesIn, newFolder, openLog, textsIn } from "./audit-log.test-support.js";
import { recordingOf } from "./audit-requests.js";
import { type AuditPolicy, AuditTrail } from "./audit-trail.js";
import { actions } from "./entry.js";
import { LineFile, type OpenLines } from "./line-file.js";
import { verifyAuditLog } from "./verify.js";

const [mainKey, alternateKey] = testKeys.readWrite as [string, string];
const [readingKey] = testKeys.readOnly as [string];
const key = { "api-key": mainKey };
const keys = { ...testKeys, names: new Map([[mainKey, "nightly load"]]) };

interface Given {
  readonly policy?: Partial<AuditPolicy>;
  readonly log?: Partial<AuditLogOptions>;
  readonly requestsPerAddressMax?: number;
}

async function audited({ policy = {}, log = {}, ...limits }: Given = {}) {
  const folder: string = newFolder(() => trail.close());
  const trail = new AuditTrail(await openLog(folder, log), { reads: false, onFailure: "refuse", ...policy });
  const test = await testApp({ guard: new Guard(keys), audit: trail, ...limits });
  /** What was recorded of requests until now. */
  const recorded = async () => {
    await trail.log.anchor();
    return linesIn(folder).flatMap(({ entry }) => (entry.action === actions.fileBegun ? [] : entry));
  };
  return { ...test, folder, trail, recorded };
}

const collection = { vectors: { size: 2, distance: "Dot" } };
const points = { points: [{ id: 77, vector: [0.125, 2], payload: { secret: "the-payload-of-a-point" } }] };

describe("writes", () => {
  it("are recorded before they are answered: who, what, where and what came of it", async () => {
    const { ask, recorded, folder } = await audited();
    await ask("PUT", "/collections/things", collection, key);
    await ask("PUT", "/collections/things/points?wait=true", points, { "api-key": alternateKey });
    await ask("PUT", "/collections/things/points?wait=true", { points: [{ id: 1, vector: [1] }] }, key);
    const token = bearing(await signedToken({ sub: "ann", access: [{ collection: "things", access: "prw" }] }));
    await ask("POST", "/collections/things/points/delete?wait=true", { points: [77] }, token);
    const lines = linesIn(folder).slice(1);
    const shown = lines.map(({ entry: { action, who, from, collection: name, outcome, status } }) => [
      action,
      who.by,
      who.name ?? who.subject,
      from,
      name,
      outcome,
      status,
    ]);
    const other = String(shown[1]?.[2]);
    assert.match(other, /^sha256:[0-9a-f]{6}$/);
    const path = "/collections/{collection_name}";
    assert.deepEqual(shown, [
      [`PUT ${path}`, "key", "nightly load", "127.0.0.1", "things", "done", 200],
      [`PUT ${path}/points`, "key", other, "127.0.0.1", "things", "done", 200],
      [`PUT ${path}/points`, "key", "nightly load", "127.0.0.1", "things", "failed", 400],
      [`POST ${path}/points/delete`, "token", "ann", "127.0.0.1", "things", "done", 200],
    ]);
    assert.equal((await recorded()).length, 4);
    assert.deepEqual(verifyAuditLog(folder).problems, []);
  });

  it("are recorded without anything of their bodies, and without keys and tokens", async () => {
    const { ask, folder, recorded } = await audited();
    const token = await signedToken({ sub: "ann", access: "m" });
    await ask("PUT", "/collections/things", collection, bearing(token));
    await ask("PUT", "/collections/things/points?wait=true&secret=in-the-query", points, key);
    await ask("PUT", "/collections/things/points", { points: [{ id: 1, vector: ["not-a-number"] }] }, key);
    await ask(
      "POST",
      "/collections/things/points/delete",
      { filter: { must: [{ key: "secret", match: { value: "x" } }] } },
      key,
    );
    await ask("GET", "/collections/things", undefined, { "api-key": "a-key-that-is-none" });
    await ask("GET", "/no/such/path?api-key=another-key", undefined, { authorization: "Bearer some.forged.token" });
    assert.equal((await recorded()).length, 6);
    const text = textsIn(folder).join("") + readFileSync(join(folder, "head.json"), "utf8");
    const secrets = [mainKey, token, "the-payload-of-a-point", "secret", "77", "0.125", "not-a-number", "in-the-query"];
    for (const secret of [...secrets, "a-key-that-is-none", "another-key", "forged"])
      assert.ok(!text.replace(/"(hash|previous|log|at)":"[^"]*"/g, "").includes(secret), `${secret} is in the log`);
  });

  it("and what gives everything out are all recorded, of every route; reads are only where it is asked for", async () => {
    const always = Object.entries(routeRights).filter(([route, right]) => recordingOf(route, right) === "always");
    const changing = Object.entries(routeRights).filter(([route]) => !/^GET /.test(route) && !isRead(route));
    for (const [route] of changing)
      assert.ok(
        always.some(([one]) => one === route),
        route,
      );
    const beside = always.filter(([route]) => !changing.some(([one]) => one === route)).map(([route]) => route);
    assert.deepEqual(beside.sort(), [
      "GET /collections/{collection_name}/shards/{shard_id}/snapshot",
      "GET /collections/{collection_name}/shards/{shard_id}/snapshots/{snapshot_name}",
      "GET /collections/{collection_name}/snapshots/{snapshot_name}",
      "GET /snapshots/{snapshot_name}",
    ]);
  });

  /** Reads that are asked for with a body. */
  function isRead(route: string): boolean {
    return routeRights[route] === "collection-read" || routeRights[route] === "any";
  }
});

describe("refused requests", () => {
  it("are recorded: without a key, with a wrong one, and with one that lets do less", async () => {
    const { ask, recorded } = await audited();
    await ask("GET", "/collections");
    await ask("GET", "/collections/things/points/1", undefined, { "api-key": "wrong" });
    await ask("DELETE", "/collections/things", undefined, { "api-key": readingKey });
    await ask(
      "PUT",
      "/collections/others/points",
      points,
      bearing(await signedToken({ sub: "ann", access: [{ collection: "things", access: "rw" }] })),
    );
    const lines = await recorded();
    const shown = lines.map(({ action, who, collection: name, outcome, status }) => [
      action,
      who.by,
      who.subject,
      name,
      outcome,
      status,
    ]);
    assert.deepEqual(shown, [
      ["GET /collections", "nobody", undefined, undefined, "refused", 401],
      ["GET /collections/{collection_name}/points/{id}", "nobody", undefined, "things", "refused", 401],
      ["DELETE /collections/{collection_name}", "read-only key", undefined, "things", "refused", 403],
      ["PUT /collections/{collection_name}/points", "token", "ann", "others", "refused", 403],
    ]);
  });

  it("are counted beyond a bound, so that nobody without a key fills the disk", async () => {
    const { ask, recorded, trail } = await audited();
    for (let i = 0; i < 100; i++) await ask("GET", "/collections");
    assert.equal((await recorded()).length, 60);
    await trail.close();
    const last = (await recorded()).at(-1);
    assert.deepEqual([last?.action, last?.from, last?.count], [actions.refusals, "127.0.0.1", 40]);
  });

  it("are recorded where there were too many of them, too", async () => {
    const { ask, recorded } = await audited({ requestsPerAddressMax: 1 });
    await ask("GET", "/collections", undefined, key);
    await ask("GET", "/collections", undefined, key);
    assert.deepEqual(
      (await recorded()).map(({ outcome, status }) => [outcome, status]),
      [["refused", 429]],
    );
  });
});

describe("hostile names", () => {
  it("in paths, subjects and headers make no line, and change none", async () => {
    const { ask, app, recorded, folder } = await audited();
    const lie = '","outcome":"done"}\n{"n":1,"at":"x","action":"DELETE everything';
    const subject = `ann${lie}\u001b[2J\u202e`;
    const token = bearing(await signedToken({ sub: subject, access: [{ collection: "things", access: "r" }] }));
    await ask("DELETE", `/collections/${encodeURIComponent(`x${lie}`)}`, undefined, token);
    await ask("GET", `/${encodeURIComponent(lie)}/%0a%0d`, undefined, { "api-key": "x" });
    await app.inject({
      method: "DELETE",
      url: "/collections/things",
      headers: {
        "x-forwarded-for": "10.9.9.9",
        forwarded: "for=10.9.9.9",
        "x-real-ip": "10.9.9.9",
        "murmur-relayed-address": "10.9.9.9",
        "content-length": "0",
        "x-request-id": lie,
      },
    });
    const lines = await recorded();
    assert.equal(lines.length, 3);
    assert.equal(lines[0]?.who.subject, subject);
    assert.equal(lines[0]?.collection, `x${lie}`);
    assert.equal(lines[2]?.from, "127.0.0.1");
    assert.ok(lines.every(({ outcome }) => outcome === "refused"));
    for (const text of textsIn(folder)) assert.doesNotMatch(text.replaceAll("\n", ""), /[\p{C}\p{Zl}\p{Zp}]/u);
    assert.deepEqual(verifyAuditLog(folder).problems, []);
  });
});

describe("reads", () => {
  it("are recorded where it is asked for, and not else", async () => {
    for (const reads of [false, true]) {
      const { ask, recorded } = await audited({ policy: { reads } });
      await ask("PUT", "/collections/things", collection, key);
      await ask("POST", "/collections/things/points/query", { query: [1, 2] }, { "api-key": readingKey });
      await ask("GET", "/collections", undefined, key);
      await ask("GET", "/healthz");
      assert.deepEqual(
        (await recorded()).map(({ action }) => action),
        [
          "PUT /collections/{collection_name}",
          ...(reads ? ["POST /collections/{collection_name}/points/query", "GET /collections"] : []),
        ],
      );
    }
  });
});

describe("a write whose line cannot be written", () => {
  function failing() {
    const state = { isFailing: false };
    const openFile: OpenLines = async (folder, name, bytes) => {
      const file = await LineFile.open(folder, name, bytes);
      const append = (lines: Buffer) =>
        state.isFailing ? Promise.reject(new Error("no space left")) : file.append(lines);
      return { name, append, close: () => file.close() };
    };
    return { state, openFile };
  }

  it("is not said to be done; no other is begun until the log can be written, and reads go on", async () => {
    const { state, openFile } = failing();
    const { ask, trail, recorded, written } = await audited({ log: { openFile } });
    assert.equal((await ask("PUT", "/collections/things", collection, key)).statusCode, 200);
    state.isFailing = true;
    const under = await ask("PUT", "/collections/things/points?wait=true", points, key);
    assert.equal(under.statusCode, 503);
    assert.match(
      under.error ?? "",
      /^Service unavailable: the request was carried out, but the audit log cannot be written/,
    );
    const count = written.length;
    const next = await ask("PUT", "/collections/things/points?wait=true", points, key);
    assert.equal(next.statusCode, 503);
    assert.match(
      next.error ?? "",
      /^Service unavailable: the audit log cannot be written \(no space left\): nothing is changed until it can/,
    );
    assert.equal(written.length, count, "it was not begun");
    assert.equal((await ask("POST", "/collections/things/points/query", { query: [1, 2] }, key)).statusCode, 200);
    assert.equal((await ask("GET", "/collections")).statusCode, 401);
    state.isFailing = false;
    await trail.close();
    assert.deepEqual(
      (await recorded()).map(({ status }) => status),
      [200, 200, 503, 401],
    );
    assert.equal(trail.log.counts.lost, 0);
  });

  it("is answered where it is configured so, and its line is written when it can be", async () => {
    const { state, openFile } = failing();
    const { ask, trail, recorded } = await audited({ log: { openFile }, policy: { onFailure: "continue" } });
    state.isFailing = true;
    assert.equal((await ask("PUT", "/collections/things", collection, key)).statusCode, 200);
    assert.equal((await ask("PUT", "/collections/things/points?wait=true", points, key)).statusCode, 200);
    state.isFailing = false;
    await trail.close();
    assert.deepEqual(
      (await recorded()).map(({ status }) => status),
      [200, 200],
    );
  });
});
