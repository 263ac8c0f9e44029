import assert from "node:assert/strict";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, get as getAsWritten } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { startE2eServer } from "../e2e/e2e-server.js";
import { findPython } from "../support/python.js";
import { killExamples, startExample } from "../support/run-example.js";
import { newFolder, removeFolder } from "../support/server.js";

const server = await startE2eServer();
const python = findPython();
const folder = newFolder("examples");
const environment = { MURMUR_URL: server.address, OPENAI_BASE_URL: "" };

after(() => {
  killExamples();
  removeFolder(folder);
});

const languages = [
  { language: "JavaScript", program: process.execPath, ending: "mjs", skip: false },
  {
    language: "Python",
    program: python ?? "",
    ending: "py",
    skip: python === undefined ? "python3 is missing" : false,
  },
] as const;

/** What a path is answered with that a URL cannot have. */
function statusOf(address: string, path: string): Promise<number> {
  return new Promise((resolve, reject) => {
    getAsWritten(address, { path, agent: false }, (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    }).on("error", reject);
  });
}

for (const { language, program, ending, skip } of languages) {
  const collection = `rag-${ending}`;
  const run = (file: string, argv: readonly string[], more: Readonly<Record<string, string>> = {}) =>
    startExample(program, [file, ...argv], { ...environment, ...more }).ended;
  const rag = async (argv: readonly string[], more: Readonly<Record<string, string>> = {}) => {
    const { code, out, err } = await run(`rag/rag.${ending}`, ["--collection", collection, ...argv], more);
    assert.equal(code, 0, err);
    return out;
  };

  describe(`examples in ${language}`, { skip }, () => {
    test("rag finds the chunk that tells, names its source, and keeps up with its folder", async () => {
      const out = await rag(["How do starlings avoid crashing into each other?"]);
      assert.match(out, /\[1\] starlings\.md, chunk \d \(score \d+\.\d\d\)\nStarlings\n.*crashing into each other/);
      assert.match(
        await rag(["--limit", "1", "when is a loaf of bread done?"]),
        /\[1\] bread\.md, .*\nSourdough bread/,
      );

      const [own, other] = [join(folder, "own.md"), join(folder, "other.txt")];
      writeFileSync(own, "# Wörds\n\nA zyzzyva is a beetle.\n");
      writeFileSync(other, "Others\n\nNothing of it.\n");
      assert.match(await rag(["--folder", folder, "zyzzyva"]), /^2 chunks are indexed\.\n\n\[1\] own\.md, chunk 1/);
      rmSync(own);
      assert.match(await rag(["--folder", folder, "zyzzyva"]), /^1 chunks are indexed\.\n\nNo text has a word/);
      const inFolder = { filter: { must: [{ key: "folder", match: { value: folder } }] }, exact: true };
      assert.equal((await server.client.count(collection, inFolder)).count, 1);
      // what others wrote into the collection, and other folders, are none of its business
      await server.client.upsert(collection, {
        wait: true,
        points: [{ id: 1, vector: {}, payload: { of: "others" } }],
      });
      assert.match(await rag(["--folder", folder, "nothing"]), /\[1\] other\.txt, chunk 1/);
      assert.match(await rag(["--folder", folder, "starlings"]), /No text has a word/);
      assert.equal((await server.client.retrieve(collection, { ids: [1] })).length, 1);
      assert.match(await rag(["--limit", "1", "when is a loaf of bread done?"]), /\[1\] bread\.md/);
      rmSync(other);
      const empty = await run(`rag/rag.${ending}`, ["--collection", collection, "--folder", folder, "x"]);
      assert.deepEqual([empty.code, empty.out], [1, ""]);
      assert.match(empty.err, /^.+ has no text \(\.md, \.txt\): nothing was indexed and nothing deleted\n$/);
      assert.equal((await server.client.count(collection, inFolder)).count, 1);
    });

    test("an example ends with one line where no server runs", async () => {
      const nobody = { MURMUR_URL: "http://127.0.0.1:1" };
      for (const [file, argv] of [
        [`rag/rag.${ending}`, ["x"]],
        [`regions/hop.${ending}`, [nobody.MURMUR_URL]],
        [`search-page/server.${ending}`, []],
      ] as const) {
        const { code, out, err } = await run(file, argv, nobody);
        assert.deepEqual([code, out], [1, ""], file);
        assert.match(err, /^http:\/\/127\.0\.0\.1:1 does not answer: .+\n$/, file);
      }
    });

    test("hop leaves a collection alone that it did not make", async () => {
      const name = `somebodys-${ending}`;
      await server.client.createCollection(name, { vectors: { size: 2, distance: "Dot" } });
      const { code, out, err } = await run(`regions/hop.${ending}`, [server.address], { COLLECTION: name });
      assert.deepEqual([code, out], [1, ""]);
      assert.match(
        err,
        /^somebodys-\w+ is there already, and is not this example's: name another one by COLLECTION\n$/,
      );
      assert.ok((await server.client.collectionExists(name)).exists);
    });

    test("rag has a model write the answer from the passages", async () => {
      const asked: { readonly path?: string | undefined; readonly key?: string | undefined; readonly body: string }[] =
        [];
      const model = createServer((request, response) => {
        let body = "";
        request.setEncoding("utf8").on("data", (text: string) => {
          body += text;
        });
        request.on("end", () => {
          asked.push({ path: request.url, key: request.headers.authorization, body });
          const answer = { choices: [{ message: { role: "assistant", content: "They watch their neighbours [1]." } }] };
          response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(answer));
        });
      });
      await new Promise<void>((resolve) => model.listen(0, "127.0.0.1", resolve));
      try {
        const base = `http://127.0.0.1:${(model.address() as AddressInfo).port}/v1/`;
        const given = { OPENAI_BASE_URL: base, OPENAI_API_KEY: "k", OPENAI_MODEL: "m" };
        const out = await rag(["How do starlings avoid crashing into each other?"], given);
        assert.match(out, /^\d+ chunks are indexed\.\n\nThey watch their neighbours \[1\]\.\n\n\[1\] starlings\.md/);
        assert.deepEqual([asked.length, asked[0]?.path, asked[0]?.key], [1, "/v1/chat/completions", "Bearer k"]);
        const { model: name, messages } = JSON.parse(asked[0]?.body ?? "") as {
          model: string;
          messages: readonly { readonly content: string }[];
        };
        assert.equal(name, "m");
        assert.match(messages[1]?.content ?? "", /^\[1\] Starlings\n.*Question: How do starlings avoid/s);
      } finally {
        model.closeAllConnections();
        model.close();
      }
    });

    test("the search page finds by meaning, under filters, and says what cannot be asked", async () => {
      const page = startExample(program, [`search-page/server.${ending}`], {
        ...environment,
        COLLECTION: `places-${ending}`,
        PORT: "0",
      });
      const address = await page.line(/listening on (http:\S+)/);
      const get = async (path: string) => {
        const response = await fetch(address + path);
        return { status: response.status, headers: response.headers, text: await response.text() };
      };
      const search = async (asked: Record<string, string>) => {
        const { status, text } = await get(`/search?${new URLSearchParams(asked)}`);
        return {
          status,
          ...(JSON.parse(text) as { found?: { name: string; city: string; price: number }[]; error?: string }),
        };
      };
      const names = async (asked: Record<string, string>) => (await search(asked)).found?.map(({ name }) => name) ?? [];
      assert.equal((await names({ q: "mars and the solar system" }))[0], "Space Centre");
      assert.equal(
        (await names({ q: "mars and the solar system", city: "Port Alder" })).includes("Space Centre"),
        false,
      );
      assert.ok((await names({ q: "something to eat", kind: "restaurant" })).length === 4);
      const cheap = (await search({ q: "music", price: "10" })).found ?? [];
      assert.ok(cheap.length > 0 && cheap.every(({ price }) => price <= 10));
      assert.deepEqual(await search({ q: "the zzzz <zzzzz>" }), {
        status: 400,
        error: "no word of the question is known",
      });
      assert.equal((await search({ q: "music", price: "x" })).error, "a price is a number");
      assert.equal((await search({ q: "a".repeat(501) })).status, 400);
      assert.equal((await get("/../package.json")).status, 404);
      assert.equal((await get("/__proto__")).status, 404);
      assert.equal(await statusOf(address, "http://["), 400);
      // no address in JavaScript; for Python a path, which some of its versions take for "/"
      assert.ok((ending === "mjs" ? [400] : [200, 404]).includes(await statusOf(address, "//")));
      for (const [path, file] of [
        ["/", "index.html"],
        ["/page.js", "page.js"],
        ["/page.css", "page.css"],
      ] as const) {
        const { headers, text } = await get(path);
        assert.match(headers.get("content-security-policy") ?? "", /^default-src 'self';(?!.*unsafe)/);
        assert.equal(text, readFileSync(new URL(`../../../examples/search-page/${file}`, import.meta.url), "utf8"));
      }
      await page.kill();
    });
  });
}
