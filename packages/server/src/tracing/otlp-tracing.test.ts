import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, beforeEach, describe, it } from "node:test";
import { OtlpReceiver } from "../testing/otlp-receiver.js";
import { headersOf } from "./otlp-headers.js";
import { type OtlpOptions, OtlpTracing } from "./otlp-tracing.js";
import { spansPerMessage, spansWaitingMax } from "./trace-limits.js";

const traceId = "0af7651916cd43dd8448eb211c80319c";
const parentId = "b7ad6b7169203331";
const parent = { traceparent: `00-${traceId}-${parentId}-01` };
const startMs = Date.now();

describe("traces by OTLP", () => {
  const folder = mkdtempSync(join(tmpdir(), "murmuration-otlp-"));
  let receiver: OtlpReceiver;
  const told: string[] = [];
  before(async () => {
    receiver = await OtlpReceiver.start();
  });
  beforeEach(() => {
    receiver.mode = "accept";
    receiver.spans.length = receiver.headers.length = told.length = 0;
  });
  after(async () => {
    await receiver.close();
    rmSync(folder, { recursive: true });
  });

  const open = (more: Partial<OtlpOptions> = {}) =>
    new OtlpTracing({
      endpoint: receiver.address,
      sample: 1,
      headersFile: "",
      resource: { "service.name": "murmuration", "service.instance.id": "7" },
      tell: (what, why) => told.push(`${what}: ${why}`),
      ...more,
    });

  it("go on from the trace of whoever asked, with their parts, as a collector decodes them", async () => {
    const headersFile = join(folder, "headers");
    writeFileSync(headersFile, "# for the collector\nAuthorization: Bearer abc\n\n");
    const tracing = open({ headersFile });
    const span = tracing.begin(
      { name: "POST /x", kind: "server", startMs, attributes: { "murmur.collection": "a".repeat(1_000) } },
      parent,
    );
    assert.match(span?.traceparent ?? "", new RegExp(`^00-${traceId}-[0-9a-f]{16}-01$`));
    span?.part({ name: "walk", startMs: startMs + 1.25, endMs: startMs + 3, attributes: { "murmur.matches": 5 } });
    span?.end(startMs + 10, { "http.response.status_code": 500 }, "status 500");
    await tracing.close();
    assert.deepEqual(receiver.mistakes, []);
    const [walk, whole] = receiver.spans;
    assert.deepEqual(
      [walk?.traceId, walk?.parentId, walk?.name, walk?.kind, walk?.attributes],
      [traceId, whole?.spanId, "walk", 1, { "murmur.matches": 5 }],
    );
    assert.ok(Math.abs((walk?.startMs ?? 0) - startMs - 1.25) < 0.002, `${walk?.startMs} ${startMs}`);
    assert.deepEqual(
      [whole?.traceId, whole?.parentId, whole?.kind, whole?.isError, whole?.resource["service.instance.id"]],
      [traceId, parentId, 2, true, "7"],
    );
    assert.deepEqual(whole?.attributes, {
      "murmur.collection": "a".repeat(256),
      "http.response.status_code": 500,
    });
    assert.equal(receiver.headers[0]?.authorization, "Bearer abc");
    assert.deepEqual(tracing.counts(), { sent: 2, failed: 0, dropped: 0, waiting: 0 });
  });

  it("are sent of as many as is said, and of those that others have begun as these say", async () => {
    const tracing = open({ sample: 0 });
    const begun = { name: "x", kind: "server", startMs } as const;
    assert.equal(tracing.begin(begun, {}), undefined);
    assert.equal(tracing.begin(begun, { traceparent: `00-${traceId}-${parentId}-00` }), undefined);
    for (const malformed of ["", "00-0-0-01", `ff-${traceId}-${parentId}-01`, "x".repeat(100_000)]) {
      assert.equal(tracing.begin(begun, { traceparent: malformed }), undefined, malformed);
    }
    assert.ok(tracing.begin(begun, parent) !== undefined);
    assert.ok(open().begin(begun, {}) !== undefined);
    await tracing.close();
  });

  it("wait within a bound where the endpoint never answers, and are dropped and counted beyond it", async () => {
    receiver.mode = "hang";
    const tracing = open();
    for (let i = 0; i < spansWaitingMax + 100; i++) {
      tracing.begin({ name: "x", kind: "server", startMs }, {})?.end(startMs + 1);
    }
    assert.deepEqual(tracing.counts(), { sent: 0, failed: 0, dropped: 100, waiting: spansWaitingMax });
    const beganMs = performance.now();
    await tracing.close();
    assert.ok(performance.now() - beganMs < 4_000);
  });

  it("are counted where the endpoint refuses them, which is said", async () => {
    receiver.mode = "refuse";
    const tracing = open();
    tracing.begin({ name: "x", kind: "server", startMs }, {})?.end(startMs + 1);
    await tracing.close();
    assert.deepEqual(tracing.counts(), { sent: 0, failed: 1, dropped: 0, waiting: 0 });
    assert.equal(told.length, 1);
    assert.match(told[0] ?? "", /^the endpoint of traces does not take them: /);
  });

  it("bring the headers of before where their file cannot be read, which is said once in a while", async () => {
    const headersFile = join(folder, "gone");
    writeFileSync(headersFile, "Authorization: Bearer abc");
    const tracing = open({ headersFile });
    writeFileSync(headersFile, "Bearer of no name");
    // of two messages
    for (let i = 0; i < spansPerMessage + 1; i++) {
      tracing.begin({ name: "x", kind: "server", startMs }, {})?.end(startMs + 1);
    }
    await tracing.close();
    assert.deepEqual(
      receiver.headers.map(({ authorization }) => authorization),
      ["Bearer abc", "Bearer abc"],
    );
    assert.deepEqual(told, ['the file of headers for traces cannot be read: line 1 is no header ("name: value")']);
  });

  it("bring headers of a file that holds headers", () => {
    assert.deepEqual({ ...headersOf("A: b\r\n# c\n\nx-y:z w\n") }, { a: "b", "x-y": "z w" });
    for (const text of ["no header", "a: \n", "a b: c", "a: b\u0000c", ": x"]) {
      assert.throws(() => headersOf(text), /^Error: line 1 is no header/);
    }
    assert.throws(() => headersOf(Array.from({ length: 40 }, (_, i) => `a${i}: b`).join("\n")), /more than 32/);
  });
});
