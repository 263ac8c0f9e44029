import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, describe, test } from "node:test";
import { gzipSync } from "node:zlib";
import { inferLayout } from "./layout.js";
import { pointOfRow } from "./point-of-row.js";
import type { Row } from "./source.js";
import { openFileSource, rowsOf, TransferFolder, writePoints } from "./transfers.test-support.js";

const body = { create: { vectors: { size: 2, distance: "Dot" } }, indexes: [] };
const points = Array.from({ length: 20 }, (_, id) => ({
  id,
  vectors: { "": Float32Array.of(id, 1) },
  payload: { n: id },
}));

describe("files that are hostile, cut or no such files", () => {
  const folder = new TransferFolder();
  after(() => folder.remove());
  const whole = async (format: "npy" | "fvecs" | "usearch" | "parquet") => {
    const path = folder.file(`whole.${format}`);
    await writePoints(format, path, body, points);
    return readFileSync(path);
  };
  const refused = async (name: string, content: string | Uint8Array, word: RegExp, rowsBefore = 0) => {
    const { rows, error } = await rowsOf(folder.file(name, content));
    assert.match(error?.message ?? "read to its end", word);
    assert.equal(rows.length, rowsBefore, name);
  };

  test("CSV", async () => {
    await refused("proto.csv", "id,__proto__,vector\n1,2,[1]\n", /line 1: column 2 is called __proto__/);
    await refused("twice.csv", "id,id\n1,2\n", /two columns are called "id"/);
    await refused("none.csv", "", /is empty: a first line/);
    await refused("name.csv", "id,,v\n1,2,3\n", /column 2 has no name/);
    await refused("quote.csv", 'id,vector\n1,"[1,2]"\n2,"[1', /ends in the middle of row 2: a quote is not closed/, 1);
    const many = '1,"[1,2]"\n'.repeat(700);
    await refused("quotes.csv", `id,vector\n${many}2,"[1`, /ends in the middle of row 701: a quote is not closed/, 700);
    await refused("cut.csv", `id,vector\n${many}2`, /in the middle of row 701, which has 1 of 2 columns: what/, 700);
    await refused("latin.csv", Buffer.from("id,vector\n1,\xe9\n", "latin1"), /is not UTF-8/);
    const started = performance.now();
    // what a pattern that can match in many ways takes hours for
    const spaces = `1${" ".repeat(4_000)}x`;
    const digits = `[${"1".repeat(200_000)}x]`;
    const { rows: odd } = await rowsOf(folder.file("spaces.csv", `id,a,vector\n${`1,${spaces},1 2\n`.repeat(20)}`));
    assert.equal(odd.length, 20);
    const rules = {
      layout: inferLayout(
        odd.map(({ fields }) => fields ?? new Map()),
        { vectors: new Map() },
        {},
      ).layout,
      shapes: new Map(),
      firstId: 0,
    };
    assert.throws(
      () =>
        pointOfRow(
          new Map<string, unknown>([
            ["id", 1],
            ["vector", digits],
          ]),
          0,
          rules,
        ),
      /expected number/,
    );
    assert.ok(performance.now() - started < 10_000);
    const { rows } = await rowsOf(folder.file("json.csv", 'id,o\n1,"{""a"":1}"\n2,"{""__proto__"":1}"\n'));
    assert.deepEqual(
      rows.map(({ fault }) => fault?.field),
      [undefined, undefined],
    );
    const floats = folder.file("floats.csv", `id,n,v\n${"1,1.5,[1]\n".repeat(20)}1,x,[1]\n`);
    const { notes = [] } = await openFileSource(floats);
    assert.match(
      notes.join(),
      /^column n is text, as row 21 has "x", which is no float, as most are: --type n=float puts/,
    );
    const typed = await rowsOf(floats, { types: new Map([["n", "float"] as const]) });
    assert.deepEqual(
      [typed.rows[0]?.fields?.get("n"), typed.rows.at(-1)?.fault?.message],
      [1.5, 'expected float, as the column is, got "x"'],
    );
    await assert.rejects(
      openFileSource(floats, { types: new Map([["m", "text"] as const]) }),
      /has no column m; it has/,
    );
    const nested = await rowsOf(folder.file("later.csv", `id,n\n${"1,2\n".repeat(1_000)}1,x\n`));
    assert.equal(nested.rows.at(-1)?.fault?.message, 'expected integer, as the column is, got "x"');
  });

  test("CSV of many pieces is waited for without a trace", async () => {
    const warnings: Error[] = [];
    const note = (warning: Error) => void warnings.push(warning);
    process.on("warning", note);
    const rows = `1,"[1,2]",${"x".repeat(1_000)}\n`.repeat(4_000);
    assert.equal((await rowsOf(folder.file("long.csv", `id,vector,t\n${rows}`))).rows.length, 4_000);
    await new Promise((resolve) => setImmediate(resolve));
    process.off("warning", note);
    assert.deepEqual(warnings, []);
  });

  test("NDJSON that begins with a byte order mark, as some systems' programs write it, is read without it", async () => {
    for (const end of ["\n", "\r\n"]) {
      const lines = ['\u{feff}{"id":1}', '{"id":2,"text":"\u{feff}kept"}', ""].join(end);
      for (const path of [folder.file("mark.ndjson", lines), folder.file("mark.ndjson.gz", gzipSync(lines))]) {
        const source = await openFileSource(path);
        const rows: Row[] = [];
        for await (const row of source.rows(undefined)) rows.push(row);
        const values = rows.map(({ fields }) => Object.fromEntries(fields ?? []));
        assert.deepEqual(values, [{ id: 1 }, { id: 2, text: "\u{feff}kept" }]);
        for await (const { place } of source.rows(rows[0]?.next)) assert.equal(place, "line 2");
        await source.close();
      }
    }
    const { rows } = await rowsOf(folder.file("mark-alone.ndjson", "\u{feff}"));
    assert.deepEqual(rows, []);
  });

  test("NDJSON, packed too: what unpacks to one endless line is no row", async () => {
    const line = '{"id":1,"vector":[1,2]}\n';
    await refused("cut.ndjson", `${line}{"id":`, /ends in the middle of line 2/, 1);
    await refused(
      "packed.ndjson.gz",
      gzipSync(line).subarray(0, -12),
      /cannot be read to its end: unexpected end of file/,
      0,
    );
    const lines = Buffer.from(Array.from({ length: 20_000 }, (_, id) => `{"id":${id},"vector":[${id},2]}\n`).join(""));
    const packed = gzipSync(lines, { level: 1 });
    const { rows, error } = await rowsOf(folder.file("half.ndjson.gz", packed.subarray(0, packed.length / 2)));
    assert.ok(rows.length > 100);
    assert.match(error?.message ?? "", new RegExp(`unexpected end of file, behind line ${rows.length}$`));
    await refused(
      "bomb.ndjson.gz",
      gzipSync(Buffer.alloc(80 * 1024 * 1024, 32), { level: 1 }),
      /line 1: longer than 67108864 bytes/,
    );
    await refused(
      "header.ndjson",
      '{"murmur_export":2}\n',
      /line 1: line 1 is of a version of exports that is not known/,
    );
  });

  test("npy", async () => {
    const npy = await whole("npy");
    await refused("cut.npy", npy.subarray(0, -3), /within row 20 of 20/, 19);
    await refused("more.npy", Buffer.concat([npy, Buffer.of(1)]), /1 bytes behind its last row/, 20);
    const other = (from: string, to: string) => Buffer.from(npy.toString("latin1").replace(from, to), "latin1");
    await refused("other.npy", other("<f4", "|O8"), /numbers of \|O8 are not read/);
    await refused("proto.npy", other("'<f4'", "'__proto__'"), /are not read/);
    await refused("fortran.npy", other("False", "True "), /fortran_order/);
    await refused("shape.npy", other("(20, 2)", "(20,)  "), /rows × dimensions/);
    await refused("huge.npy", other("(20, 2)", "(9999999999, 2)"), /within row 22 of 9999999999/, 21);
    await refused("none.npy", "nothing like it", /it is no \.npy file/);
  });

  test("fvecs and usearch", async () => {
    const fvecs = await whole("fvecs");
    await refused("cut.fvecs", fvecs.subarray(0, -1), /within row 20/, 19);
    await refused("huge.fvecs", Buffer.alloc(64, 0x7f), /it is no \.fvecs file/);
    const other = Buffer.from(fvecs);
    other.writeInt32LE(3, 12);
    await refused("other.fvecs", other, /row 2 says that it has 3 numbers, the first one has 2/);
    await refused("cut.usearch", (await whole("usearch")).subarray(0, -9), /cut\.usearch: the usearch file ends early/);
    await refused("none.usearch", "x", /none\.usearch: the usearch file/);
  });

  test("Parquet", async () => {
    const parquet = await whole("parquet");
    await refused(
      "cut.parquet",
      parquet.subarray(0, -20),
      /cut\.parquet: it was cut: at byte \d+, its end, there is no footer/,
    );
    await refused("none.parquet", "PAR1nothingPAR1", /none\.parquet cannot be read/);
    const more = Buffer.from(parquet);
    const rowsAt = more.lastIndexOf(40, more.length - 100);
    assert.equal(more[rowsAt], 40, "20 rows, as a varint in zigzag");
    more[rowsAt] = 116;
    await refused("more.parquet", more, /rows 1 to 58: a group says that it has 58 rows and has less values/);
    await refused("tiny.parquet", "x", /tiny\.parquet: it is no Parquet file/);
  });

  test("payloads beside vectors that are too few, too many, or of other keys", async () => {
    await whole("npy");
    await whole("usearch");
    const beside = async (file: string, lines: string) =>
      (await rowsOf(folder.file(file), { payloadFile: folder.file("beside.ndjson", lines) })).error?.message;
    assert.match(
      (await beside("whole.npy", '{"id":1}\n{"id":2}\n')) ?? "",
      /beside\.ndjson has 2 rows, .*whole\.npy has more/,
    );
    assert.match(
      (await beside("whole.npy", '{"id":1}\n'.repeat(21))) ?? "",
      /has more rows than .*whole\.npy, which has 20/,
    );
    assert.match(
      (await beside("whole.usearch", '{"id":1}\n'.repeat(20))) ?? "",
      /row 1 of .* has the key 0, that of .* the id 1/,
    );
    assert.match(
      (await rowsOf(folder.file("a.csv", "id\n1\n"), { payloadFile: "b" })).error?.message ?? "",
      /--payload-file is for formats that hold vectors alone/,
    );
  });
});
