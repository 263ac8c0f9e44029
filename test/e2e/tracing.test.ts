import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { pathToFileURL } from "node:url";
import { OtlpReceiver } from "@murmuration/server/testing/otlp-receiver";
import { killAllServers, newFolder, removeFolder, type ServerProcess, startServer } from "../support/server.js";

/** Notes every module that a process resolves, in each of its threads. */
const hook = (file: string) => `
import { appendFileSync } from "node:fs";
import { registerHooks } from "node:module";
registerHooks({
  resolve(specifier, context, next) {
    const resolved = next(specifier, context);
    appendFileSync(${JSON.stringify(file)}, resolved.url + "\\n");
    return resolved;
  },
});
`;

async function use(server: ServerProcess): Promise<void> {
  await server.request("PUT", "/collections/c", { vectors: { size: 2, distance: "Dot" } });
  const points = [{ id: 1, vector: [1, 0] }];
  const written = await server.request("PUT", "/collections/c/points?wait=true", { points });
  const found = await server.request("POST", "/collections/c/points/query", { query: [1, 1] });
  assert.deepEqual([written.status, found.status], [200, 200]);
}

describe("traces of a server", { timeout: 120_000 }, () => {
  const folder = newFolder("tracing");
  after(() => {
    killAllServers();
    removeFolder(folder);
  });

  test("are none where no endpoint is given, and nothing of them is loaded", async () => {
    const seen = join(folder, "modules");
    const file = join(folder, "hook.mjs");
    writeFileSync(file, hook(seen));
    const environment = { NODE_OPTIONS: `--import=${pathToFileURL(file).href}` };
    const server = await startServer({ dataFolder: join(folder, "off"), environment });
    await use(server);
    await server.stop();
    const modules = readFileSync(seen, "utf8").split("\n");
    // by itself, or in one of the files that the server is bundled into
    assert.ok(
      modules.some((url) => /\/(fastify|prom-client)\/|\/part-app-/.test(url)),
      modules.join("\n"),
    );
    assert.deepEqual(
      // prom-client loads the empty interface of the API for itself
      modules.filter((url) => /@opentelemetry\/(?!api\/)|otlp-tracing/.test(url)),
      [],
    );
  });

  test("hold up nothing where the endpoint hangs or refuses, and go on when it takes them again", async () => {
    const receiver = await OtlpReceiver.start();
    receiver.mode = "hang";
    try {
      const options = ["--otlp-endpoint", receiver.address];
      const server = await startServer({ dataFolder: join(folder, "on"), options });
      await use(server);
      const text = async () => (await server.ask("GET", "/metrics")).text;
      const waiting = async () => Number(/^murmur_trace_spans_waiting (\d+)$/m.exec(await text())?.[1]);
      assert.ok((await waiting()) > 0);
      const hostile = ["", "00", `00-${"0".repeat(32)}-${"0".repeat(16)}-01`, "ÿ".repeat(3_000), "00-x-y-z, 00-a-b-c"];
      for (const traceparent of hostile) {
        const headers = { traceparent, tracestate: "=,=".repeat(500), "x-murmur-timing": traceparent };
        const told = await fetch(`${server.address}/collections/c/points/1`, { headers });
        assert.equal(told.status, 200, traceparent.slice(0, 40));
      }
      receiver.mode = "refuse";
      for (let i = 0; i < 20; i++) await use(server);
      receiver.mode = "accept";
      await use(server);
      const ended = await server.stop();
      assert.equal(ended.code, 0);
      assert.ok(receiver.spans.some(({ name }) => name === "PUT /collections/{collection_name}/points"));
      assert.deepEqual(receiver.mistakes, []);
    } finally {
      await receiver.close();
    }
  });
});
