import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { startE2eServer } from "../e2e/e2e-server.js";
import { makeEveryKind, rowsOfNdjson } from "./collections.js";
import { importAndKill, murmur, report } from "./commands.js";
import { transferFolder } from "./transfer-folder.js";

const server = await startE2eServer();
const url = ["--url", server.address];

describe("formats", () => {
  const { file, digest } = transferFolder("formats", url);

  test("Parquet and CSV hold every kind of id, vector and payload", async () => {
    await makeEveryKind(server, "every");
    const parquet = file("every.parquet");
    const exported = await report("export --collection every --strict", ["--output", parquet, ...url]);
    const imported = await report("import --collection parquet", [parquet, ...url]);
    assert.deepEqual([imported["written"], await digest("parquet")], [4, exported["digest"]]);
    const csv = file("every.csv");
    const told = await report("export --collection every", ["--output", csv, ...url]);
    assert.deepEqual(told["left_out"], ["the collection's configuration and payload indexes"]);
    const { vectors, sparse_vectors } = (await server.client.getCollection("every")).config.params;
    await server.client.createCollection("csv", { vectors: vectors as never, sparse_vectors: sparse_vectors as never });
    assert.equal((await report("import --collection csv", [csv, ...url]))["written"], 4);
    assert.equal(await digest("csv"), exported["digest"]);
  });

  test("a Parquet import that is killed goes on to the same points", async () => {
    const rows = file("many.ndjson", rowsOfNdjson(1_200));
    await report("import --collection many --distance Dot", [rows, ...url]);
    const parquet = file("many.parquet");
    await report("export --collection many", ["--output", parquet, ...url]);
    const state = `${parquet}.cut.import.json`;
    await importAndKill(state, [parquet, "--collection", "cut", ...url]);
    const done = await report("import --collection cut", [parquet, ...url]);
    assert.ok((done["resumed_at_row"] as number) > 0);
    assert.deepEqual([done["written"], await digest("cut")], [1_200, await digest("many")]);
  });

  test("CSV of others: types by column, vectors in several spellings, wrong rows by their number", async () => {
    const text =
      'id;title;n;ok;emb\r\n1;"a;b";1;true;[1, 2]\r\n2;"say ""x""\r\nmore";2;false;3 4\r\n3;;;;"5,6"\r\n4;x;y;true;[1,2]\r\n5;x;3\r\n6;x;4;true;[1,NaN]\r\n';
    const path = file("others.csv", text);
    const { code, out } = await murmur("import --collection others --json", [path, ...url]);
    assert.equal(code, 3, out);
    const told = JSON.parse(out) as {
      written: number;
      first_wrong_rows: readonly { place: string; field?: string; reason: string }[];
    };
    assert.equal(told.written, 4);
    assert.deepEqual(
      told.first_wrong_rows.map(({ place, field, reason }) => [place, field, reason]),
      [
        ["row 5", undefined, "has 3 columns, the first line 5"],
        ["row 6", "emb[1]", 'expected number, got "NaN"'],
      ],
    );
    const { points } = await server.client.scroll("others", { with_payload: true });
    assert.deepEqual(
      points.map(({ id, payload }) => [id, payload]),
      [
        [1, { title: "a;b", n: "1", ok: true }],
        [2, { title: 'say "x"\r\nmore', n: "2", ok: false }],
        [3, {}],
        [4, { title: "x", n: "y", ok: true }],
      ],
    );
  });
});
