import assert from "node:assert/strict";
import { existsSync, readdirSync } from "node:fs";
import { request as ask, createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { dirname } from "node:path";
import { after, describe, test } from "node:test";
import { startE2eServer } from "../e2e/e2e-server.js";
import { rowsOfNdjson } from "./collections.js";
import { murmur, report } from "./commands.js";
import { transferFolder } from "./transfer-folder.js";

type Trouble = (request: IncomingMessage, response: ServerResponse) => void;

const die: Trouble = (request) => request.socket.destroy();
const hang: Trouble = () => undefined;
const busy: Trouble = (_, response) => void response.writeHead(429, { "retry-after": "0" }).end("{}");
const away: Trouble = (_, response) => void response.writeHead(503, { "retry-after": "0" }).end("not now");
const page: Trouble = (_, response) => void response.writeHead(200).end("<html>the proxy has no idea</html>");

const server = await startE2eServer();

/** Passes requests on to the server, but those to `path`, of which each in `troubles` gets into its own. */
function relay(path: RegExp, troubles: (asked: number) => Trouble | undefined) {
  let asked = 0;
  const host = createServer((request, response) => {
    const trouble = path.test(request.url ?? "") ? troubles(asked++) : undefined;
    if (trouble !== undefined) return trouble(request, response);
    const { method = "GET", headers } = request;
    const onward = ask(server.address + request.url, { method, headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    });
    request.pipe(onward);
  });
  return {
    listen: (port = 0) =>
      new Promise<string>((resolve) => {
        host.listen(port, "127.0.0.1", () => resolve(`http://127.0.0.1:${(host.address() as AddressInfo).port}`));
      }),
    close: () => {
      host.closeAllConnections();
      host.close();
    },
  };
}

describe("servers that fail in the middle of an import", () => {
  const { file, digest } = transferFolder("failing", ["--url", server.address]);
  const open: { close(): void }[] = [];
  after(() => {
    for (const each of open) each.close();
  });

  test("a source and a target that die, hang, are busy, away or somebody else: waited for, and nothing is lost", async () => {
    await report("import --collection whole --distance Dot", [
      file("rows.ndjson", rowsOfNdjson(600)),
      "--url",
      server.address,
    ]);
    const source = relay(
      /\/scroll/,
      (n) => [die, undefined, busy, undefined, hang, undefined, page, undefined, away][n],
    );
    const target = relay(/\/points\?/, (n) => [busy, undefined, away, die, undefined, page, undefined, hang][n]);
    open.push(source, target);
    const [from, to] = [await source.listen(), await target.listen()];
    const flags = ["--page", "100", "--batch", "100", "--timeout-s", "1", "--url", to, "--state", file("state.json")];
    const { code, out, err } = await murmur("import --collection copy --json", [`${from}/collections/whole`, ...flags]);
    assert.equal(code, 0, err);
    assert.equal((JSON.parse(out) as { written: number }).written, 600);
    assert.equal(await digest("copy"), await digest("whole"));
    assert.match(
      err,
      /waiting: no answer from http:\/\/127\.0\.0\.1:\d+: none within 1 s; asked again for up to 300 s/,
    );
    assert.match(err, /waiting: http:\/\/127\.0\.0\.1:\d+ answers 503: "not now"/);
    assert.match(err, /it answers no JSON but \\?"<html>the proxy/);
  });

  test("a source that is gone for good: the import stops, says so, and goes on when it is back", async () => {
    const state = file("gone.json");
    let isBack = false;
    const source = relay(/\/scroll/, (n) => (n >= 3 && !isBack ? die : undefined));
    open.push(source);
    const from = `${await source.listen()}/collections/whole`;
    const flags = ["--page", "100", "--url", server.address, "--state", state];
    const gone = await murmur("import --collection later --retry-for-s 0", [from, ...flags]);
    assert.equal(gone.code, 1);
    assert.match(gone.err, /^error: no answer from http:\/\/127\.0\.0\.1:\d+: socket hang up$/m);
    assert.ok(existsSync(state));
    isBack = true;
    const done = await report("import --collection later", [from, ...flags]);
    assert.ok((done["resumed_at_row"] as number) >= 200);
    assert.equal(await digest("later"), await digest("whole"));
  });

  test("a collection whose payload indexes could not all be made gets them when the same command goes on", async () => {
    const header = {
      murmur_export: 1,
      collection: {
        create: { vectors: { size: 8, distance: "Dot" } },
        indexes: ["title", "n", "m"].map((field_name) => ({ field_name, field_schema: "keyword" })),
      },
    };
    const source = file("indexed.ndjson", `${JSON.stringify(header)}\n${rowsOfNdjson(3)}`);
    const target = relay(/\/index\?/, (n) => (n === 1 ? away : undefined));
    open.push(target);
    const flags = ["--collection", "indexed", "--url", await target.listen()];
    assert.equal((await murmur("import --retry-for-s 0", [source, ...flags])).code, 1);
    await report("import", [source, ...flags]);
    const { payload_schema, points_count } = await server.client.getCollection("indexed");
    assert.deepEqual([Object.keys(payload_schema).sort(), points_count], [["m", "n", "title"], 3]);
    assert.ok(!existsSync(`${source}.indexed.import.json`));
  });

  test("a collection whose creation was answered, and the answer lost, is the one that is asked for again", async () => {
    const source = file("lost.ndjson", rowsOfNdjson(3));
    const losing = createServer((request, response) => {
      const isLost = request.method === "PUT" && request.url === "/collections/lost";
      const { method = "GET", headers } = request;
      const onward = ask(server.address + request.url, { method, headers }, (answer) => {
        if (isLost && answer.statusCode === 200) return request.socket.destroy();
        response.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(response);
      });
      request.pipe(onward);
    });
    await new Promise<void>((resolve) => losing.listen(0, "127.0.0.1", resolve));
    open.push({ close: () => losing.closeAllConnections() }, losing);
    const url = `http://127.0.0.1:${(losing.address() as AddressInfo).port}`;
    const done = await report("import --collection lost --distance Dot", [source, "--url", url]);
    assert.equal(done["written"], 3);
  });

  test("an import that another one is under way with is refused, and takes nothing from that one", async () => {
    const source = file("twice.ndjson", `${rowsOfNdjson(3)}no row\n`);
    const { promise: released, resolve: release } = Promise.withResolvers<void>();
    const { promise: isUnderWay, resolve: begin } = Promise.withResolvers<void>();
    const target = relay(/\/points\?/, (n) => {
      if (n > 0) return undefined;
      begin();
      return (_, response) => void released.then(() => response.writeHead(503, { "retry-after": "0" }).end("{}"));
    });
    open.push(target);
    const argv = [source, "--batch", "1", "--parallel", "1", "--url", await target.listen()];
    const first = murmur("import --collection twice --distance Dot", argv);
    await isUnderWay;
    const second = await murmur("import --collection twice", argv);
    release();
    assert.deepEqual(
      [second.code, /another import is under way whose state is \S+twice\.import\.json$/m.test(second.err)],
      [1, true],
      second.err,
    );
    const { code, out, err } = await first;
    assert.deepEqual([code, /3 of 4 rows written/.test(out)], [3, true], err);
    assert.ok(existsSync(`${source}.twice.import.rejected.ndjson`));
    assert.deepEqual(
      readdirSync(dirname(source)).filter((name) => name.endsWith(".importing")),
      [],
    );
  });

  test("what is no such server is named at once, whether it is asked for points or given them", async () => {
    const stranger = relay(/./, () => page);
    open.push(stranger);
    const url = await stranger.listen();
    const to = await murmur("import --collection c --retry-for-s 0", [
      file("one.ndjson", rowsOfNdjson(1)),
      "--url",
      url,
    ]);
    assert.match(
      to.err,
      /^error: no answer from http:\S+: it answers no JSON but "<html>the proxy has no idea<\/html>"$/m,
    );
    const from = await murmur("import --collection c --retry-for-s 0", [
      `${url}/collections/c`,
      "--url",
      server.address,
    ]);
    assert.match(from.err, /^error: no answer from http:\S+: it answers no JSON/m);
    assert.deepEqual([to.code, from.code], [1, 1]);
  });
});
