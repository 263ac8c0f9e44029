import assert from "node:assert/strict";
import { OtlpReceiver, type ReceivedSpan } from "@murmuration/server/testing/otlp-receiver";
import { until } from "../until.js";
import { RegionCluster, type RegionClusterOptions } from "./region-cluster.js";

const PATH = "/collections/c/points?wait=true";

/** Spans of this trace, once every other region has said what became of the write. */
async function whole(receiver: OtlpReceiver, traceId: string, others: number): Promise<readonly ReceivedSpan[]> {
  const spans = () => receiver.spans.filter((span) => span.traceId === traceId);
  await until(
    () =>
      spans().filter(({ name }) => name === "replicate").length === others && spans().some(({ kind }) => kind === 2),
    () => `the write is traced everywhere: ${spans().map(({ name }) => name)}`,
    30_000,
  );
  return spans();
}

/** Writes a point in the first of some regions and searches it there, both as parts of a trace; gives their spans, of all regions. */
export async function traceOneWrite(options: Omit<RegionClusterOptions, "options">): Promise<{
  readonly write: readonly ReceivedSpan[];
  readonly search: readonly ReceivedSpan[];
  readonly parentId: string;
}> {
  const receiver = await OtlpReceiver.start();
  let cluster: RegionCluster | undefined;
  try {
    cluster = await RegionCluster.start({ ...options, options: ["--otlp-endpoint", receiver.address] });
    const [first] = cluster.regions;
    assert.ok(first);
    await first.server.request("PUT", "/collections/c", { vectors: { size: 4, distance: "Dot" } });
    const points = Array.from({ length: 600 }, (_, id) => ({ id, vector: [Math.sin(id), Math.cos(id), 1, 0] }));
    await first.server.request("PUT", PATH, { points });
    await cluster.untilEqual("c");
    const parentId = "b7ad6b7169203331";
    const ask = async (method: string, path: string, traceId: string, body: object) => {
      const headers = { traceparent: `00-${traceId}-${parentId}-01`, "content-type": "application/json" };
      const told = await fetch(`${first.server.address}${path}`, { method, headers, body: JSON.stringify(body) });
      assert.equal(told.status, 200, await told.text());
    };
    const [writeId, searchId] = ["0af7651916cd43dd8448eb211c80319c", "1bf7651916cd43dd8448eb211c80319d"];
    await ask("PUT", PATH, writeId, { points: [{ id: 1_000, vector: [9, 9, 9, 9], payload: { text: "hello" } }] });
    const filter = { must: [{ has_id: [...points.keys(), 1_000] }] };
    const search = { query: [1, 1, 1, 1], limit: 3, params: { hnsw_ef: 8 }, filter, with_payload: true };
    await ask("POST", "/collections/c/points/query", searchId, search);
    const write = await whole(receiver, writeId, options.names.length - 1);
    const searched = () => receiver.spans.filter((span) => span.traceId === searchId);
    await until(
      () => searched().some(({ kind }) => kind === 2),
      () => "the search is traced",
      30_000,
    );
    assert.deepEqual(receiver.mistakes, []);
    return { write, search: searched(), parentId };
  } finally {
    await cluster?.stop();
    await receiver.close();
  }
}
