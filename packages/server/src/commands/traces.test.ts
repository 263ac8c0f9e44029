import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { it } from "node:test";
import type { Logger } from "pino";
import type { Config } from "../config.js";
import { Traces } from "./traces.js";

it("headers for traces that pass a network in the clear are warned of at the start", async () => {
  const folder = mkdtempSync(join(tmpdir(), "murmuration-traces-"));
  const file = join(folder, "headers");
  writeFileSync(file, "authorization: Bearer secret\n");
  const warned = async (otlpEndpoint: string, otlpHeadersFile: string) => {
    const lines: string[] = [];
    const log = { warn: (about: object, what: string) => lines.push(`${what} ${JSON.stringify(about)}`) };
    const config = { otlpEndpoint, otlpSample: 1, otlpHeadersFile } as unknown as Config;
    const tracing = await new Traces(config, log as unknown as Logger).begin(1);
    await tracing?.close();
    return lines;
  };
  const [line, ...more] = await warned("http://collector.example:4318", file);
  assert.match(line ?? "", /^headers for traces pass the network in the clear: use https:\/\/ .*collector\.example/);
  assert.ok(!line?.includes("secret"));
  assert.deepEqual(more, []);
  const others = ["https://collector.example", "http://127.0.0.1:4318", "http://localhost:4318", "http://[::1]:4318"];
  for (const endpoint of others) assert.deepEqual(await warned(endpoint, file), [], endpoint);
  assert.deepEqual(await warned("http://collector.example:4318", ""), []);
  rmSync(folder, { recursive: true });
});
