import assert from "node:assert/strict";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { describe, test } from "node:test";
import { startE2eServer } from "../e2e/e2e-server.js";
import { makeEveryKind, rowsOfNdjson } from "./collections.js";
import { importAndKill, murmur, report } from "./commands.js";
import { transferFolder } from "./transfer-folder.js";

const server = await startE2eServer();
const url = ["--url", server.address];

describe("NDJSON", () => {
  const { file, digest } = transferFolder("transfer", url);

  test("holds all that the dialect holds, and gives it back: configuration, indexes, points", async () => {
    await makeEveryKind(server, "every");
    const path = file("every.ndjson");
    const exported = await report("export --collection every --strict", ["--output", path, ...url]);
    assert.equal(exported["points"], 4);
    const imported = await report("import --collection again", [path, ...url]);
    assert.deepEqual([imported["written"], imported["put_aside"]], [4, 0]);
    assert.equal(await digest("again"), exported["digest"]);
    const page = async (name: string) => {
      const { result } = (await server.request("GET", `/collections/${name}`)).body;
      const { config, payload_schema } = result as { config: unknown; payload_schema: unknown };
      return { config, payload_schema };
    };
    assert.deepEqual(await page("again"), await page("every"));
    const second = file("again.ndjson");
    await report("export --collection again", ["--output", second, ...url]);
    assert.deepEqual(readFileSync(second, "utf8").split("\n"), readFileSync(path, "utf8").split("\n"));
  });

  test("goes from one collection to another by a pipe, and straight from a server that runs", async () => {
    const out = await murmur("export --collection every", url);
    const piped = await murmur("import - --collection piped --json", url, out.out);
    assert.equal(piped.code, 0, piped.err);
    await report("import --collection straight", [`${server.address}/collections/every`, ...url]);
    const expected = await digest("every");
    assert.deepEqual([await digest("piped"), await digest("straight")], [expected, expected]);
  });

  test("killed and gone on with, an import comes to the same points and the same wrong rows", async () => {
    const lines = rowsOfNdjson(1_500).split("\n");
    lines[2] = '{"id":"row 2","embedding":[1,2]}';
    lines[1_400] = "not json";
    const path = file("rows.ndjson", lines.join("\n"));
    const whole = await murmur("import --collection whole --json", [path, ...url]);
    assert.equal(whole.code, 3, whole.err);
    const state = `${path}.cut.import.json`;
    await importAndKill(state, [path, "--collection", "cut", ...url]);
    const resumed = JSON.parse((await murmur("import --collection cut --json", [path, ...url])).out) as Record<
      string,
      unknown
    >;
    const first = JSON.parse(whole.out) as Record<string, unknown>;
    assert.ok((resumed["resumed_at_row"] as number) > 0, "it went on");
    const counts = ({ rows, written, put_aside }: Record<string, unknown>) => [rows, written, put_aside];
    assert.deepEqual(counts(resumed), [1_500, 1_498, 2]);
    assert.deepEqual(counts(resumed), counts(first));
    assert.equal(await digest("cut"), await digest("whole"));
    const aside = (name: string) => readFileSync(`${path}.${name}.import.rejected.ndjson`, "utf8");
    assert.equal(aside("cut"), aside("whole"));
    assert.ok(!existsSync(state), "nothing is left of an import that is done");
  });

  test("names rows that are wrong by line and field, and puts them aside", async () => {
    const path = file(
      "wrong.ndjson",
      [
        '{"id":1,"vector":[1,2],"payload":{"a":1}}',
        '{"id":2,"vector":[1,2,3],"payload":{}}',
        '{"id":3,"vector":[1,1e39],"payload":{}}',
        '{"id":-4,"vector":[1,2],"payload":{}}',
        '{"id":5,"vector":[1,2],"payload":{"__proto__":{"a":1}}}',
        '{"id":6,"vector":[1,2],"payload":{"t":"\\ud800"}}',
        '{"id":7,"vector":[1,NaN],"payload":{}}',
        "",
        '{"vector":[1,2],"payload":{}}',
        '["id",9]',
        `{"id":10,"vector":[1,2],"payload":{"deep":${"[".repeat(200)}${"]".repeat(200)}}}`,
        '{"id":11,"vector":{"other":[1,2]},"payload":{}}',
        '{"id":12,"vector":[2,1],"payload":{}}',
        "",
      ].join("\n"),
    );
    await server.client.createCollection("wrong", { vectors: { size: 2, distance: "Dot" } });
    const { code, out } = await murmur("import --collection wrong --json", [path, ...url]);
    assert.equal(code, 3);
    const told = JSON.parse(out) as Record<string, unknown>;
    assert.deepEqual([told["rows"], told["written"], told["put_aside"]], [12, 2, 10]);
    const rejected = readFileSync(told["put_aside_in"] as string, "utf8")
      .trim()
      .split("\n");
    const named = rejected.map((line) => JSON.parse(line) as { place: string; field?: string; reason: string });
    assert.deepEqual(
      named.map(({ place, field }) => [place, field ?? ""]),
      [
        ["line 2", "vector"],
        ["line 3", "vector[1]"],
        ["line 4", "id"],
        ["line 5", "payload.__proto__"],
        ["line 6", "payload.t"],
        ["line 7", ""],
        ["line 9", "id"],
        ["line 10", ""],
        ["line 11", ""],
        ["line 12", "vector.other"],
      ],
    );
    assert.equal(named[0]?.reason, "has 3 numbers, the collection takes 2");
  });

  test("stops at too many wrong rows and in the middle of a row, says so, and goes on where it stopped", async () => {
    const rows = rowsOfNdjson(20);
    const path = file("short.ndjson", rows.slice(0, -30));
    const cut = await murmur("import --collection short", [path, ...url]);
    assert.equal(cut.code, 1);
    assert.match(cut.err, /ends in the middle of line 20: what stands before it is written/);
    writeFileSync(path, rows);
    const done = await report("import --collection short", [path, ...url]);
    assert.deepEqual([done["resumed_at_row"], done["written"]], [19, 20]);

    const bad = file("bad.ndjson", `${rows}{"id":1}\n{"id":2}\n`);
    const stopped = await murmur("import --collection bad --max-errors 1", [bad, ...url]);
    assert.equal(stopped.code, 1);
    assert.match(stopped.err, /2 rows are wrong, more than --max-errors 1/);
    const on = await murmur("import --collection bad --max-errors 2 --json", [bad, ...url]);
    assert.deepEqual([on.code, (JSON.parse(on.out) as Record<string, unknown>)["written"]], [3, 20]);
  });

  test("writes over no file that it reads", async () => {
    const rows = rowsOfNdjson(2);
    const path = file("read.ndjson", rows);
    for (const flags of [
      ["--rejected", path],
      ["--state", `${path}/../read.ndjson`, "--restart"],
      ["--state", `${path}.x`, "--rejected", `${path}.x`],
    ]) {
      const { code, err } = await murmur("import --collection read", [path, ...flags, ...url]);
      assert.deepEqual([code, /is another file of this import, and would be lost/.test(err)], [1, true], err);
    }
    assert.equal(readFileSync(path, "utf8"), rows);
  });

  test("says what it would do, and writes nothing", async () => {
    const path = file("dry.ndjson", rowsOfNdjson(5));
    const { code, out, err } = await murmur("import --collection dry --dry-run", [path, ...url]);
    assert.deepEqual([code, err], [0, ""]);
    assert.match(out, /embedding +vector: numbers\[8\]/);
    assert.match(out, /title +payload: text/);
    assert.match(out, /the collection is made: \{"vectors":\{"size":8,"distance":"Cosine"\}\}/);
    assert.match(out, /5 of 5 rows would be written/);
    assert.equal((await server.request("GET", "/collections/dry")).status, 404);
    assert.ok(!existsSync(`${path}.dry.import.json`));
  });

  test("refuses to go on with another source or other options", async () => {
    const path = file("one.ndjson", rowsOfNdjson(1_000));
    const state = `${path}.one.import.json`;
    await importAndKill(state, [path, "--collection", "one", ...url]);
    const other = await murmur("import --collection one --id n", [path, ...url]);
    assert.match(other.err, /is of an import with other options: begin again with --restart/);
    writeFileSync(path, rowsOfNdjson(3).replace("title 0", "title zero"));
    const changed = await murmur("import --collection one", [path, ...url]);
    assert.match(changed.err, /is of another source, or the source has changed since: begin again with --restart/);
    assert.equal((await report("import --restart --collection one", [path, ...url]))["written"], 3);
  });

  test("says what is wrong with a server that is not there, and with a name that tells no format", async () => {
    const some = file("some.ndjson", rowsOfNdjson(1));
    const away = await murmur("import --collection c --url http://127.0.0.1:9 --retry-for-s 0", [some]);
    assert.deepEqual([away.code, /no answer from http:\/\/127\.0\.0\.1:9: .*ECONNREFUSED/.test(away.err)], [1, true]);
    const unknown = await murmur("import --collection c", [file("some.xyz", ""), ...url]);
    assert.match(unknown.err, /its name does not tell its format: --format/);
    assert.equal((await murmur("import x", [])).code, 2);
    assert.equal((await murmur("export --help", [])).code, 0);
  });
});
