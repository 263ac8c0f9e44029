import assert from "node:assert/strict";
import { after, test } from "node:test";
import { startE2eServer } from "../e2e/e2e-server.js";
import { startChroma } from "../support/chroma.js";
import { importAndKill, report } from "../transfer/commands.js";
import { transferFolder } from "../transfer/transfer-folder.js";

const command = JSON.parse(process.env["MURMURATION_CHROMA"] ?? "[]") as string[];
const server = await startE2eServer();
const chroma = await startChroma(command);
after(() => chroma.kill());
const url = ["--url", server.address];
const { file, digest } = transferFolder("chroma", url);
const from = (name: string) => `chroma://${chroma.host}/${name}`;

test("records with metadata, documents and ids of all kinds, and the distance", async () => {
  const id = await chroma.create("docs", "cosine");
  await chroma.add(id, {
    ids: ["7", "550e8400-e29b-41d4-a716-446655440000", "an article"],
    embeddings: [
      [1, 0, 0],
      [0, 0.6, 0.8],
      [0, 0, 1],
    ],
    metadatas: [{ title: "seven", n: 7, x: 0.1, ok: true }, null, { title: "wörds 😀" }],
    documents: ["text of seven", null, "text\nof an article"],
  });
  const done = await report("import --collection docs", [from("docs"), "--state", file("docs.json"), ...url]);
  assert.deepEqual([done["written"], done["put_aside"]], [3, 0]);
  const { config } = await server.client.getCollection("docs");
  assert.deepEqual(config.params.vectors, { size: 3, distance: "Cosine" });
  const { points } = await server.client.scroll("docs", { with_payload: true, with_vector: true });
  const of = (n: unknown) => points.find((point) => point.id === n);
  assert.deepEqual(of(7)?.payload, { title: "seven", n: 7, x: 0.1, ok: true, document: "text of seven" });
  assert.deepEqual(of("550e8400-e29b-41d4-a716-446655440000")?.payload, {});
  const article = points.find(({ payload }) => payload?.["id of chroma"] === "an article");
  assert.deepEqual(article?.vector, [0, 0, 1]);
  assert.deepEqual(article?.payload?.["document"], "text\nof an article");
});

test("killed in the middle and gone on with, it comes to the same points", async () => {
  const id = await chroma.create("many", "l2");
  for (let first = 0; first < 2_000; first += 500) {
    const rows = Array.from({ length: 500 }, (_, i) => first + i);
    await chroma.add(id, {
      ids: rows.map((i) => `record ${i}`),
      embeddings: rows.map((i) => [Math.sin(i), Math.cos(i), i / 1_000, 1]),
      metadatas: rows.map((i) => ({ i })),
      documents: rows.map((i) => `document ${i}`),
    });
  }
  const flags = ["--page", "100", ...url];
  await report("import --collection whole", [from("many"), "--state", file("whole.json"), ...flags]);
  const state = file("cut.json");
  await importAndKill(state, [from("many"), "--collection", "cut", "--state", state, ...flags]);
  const done = await report("import --collection cut", [from("many"), "--state", state, ...flags]);
  assert.ok((done["resumed_at_row"] as number) > 0);
  assert.deepEqual([done["written"], await digest("cut")], [2_000, await digest("whole")]);
});
