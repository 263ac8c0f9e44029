import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { brotliCompressSync, gzipSync } from "node:zlib";
import { newAuthority } from "@murmuration/server/testing/certificates";
import { startE2eServer } from "../e2e/e2e-server.js";
import { Driver, noBrowser } from "../support/dashboard/driver.js";
import { newFolder, removeFolder, type ServerProcess, startServer } from "../support/server.js";
import { root } from "../support/source-tree.js";

const release = join(root, "packages/dashboard/release");
const BUNDLE_BYTES_MAX = 350 * 1024;
const KEY = "a-key-of-a-test";
const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; connect-src 'self'; " +
  "worker-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/** Loaded when somebody asks for a projection, and not before. */
const isProjection = (name: string) => /umap/i.test(name);

const files = readdirSync(release, { recursive: true, encoding: "utf8" })
  .filter((name) => /\.(js|css|html|svg)$/.test(name))
  .map((name) => ({ name, content: readFileSync(join(release, name)) }));

const driver = new Driver();
const server = await startE2eServer(["--api-key", KEY]);

test("the bundle without the projection library has at most 350 kB", (context) => {
  const bundled = files.filter(({ name }) => !isProjection(name));
  assert.ok(bundled.length > 3);
  const total = (size: (content: Buffer) => number) => bundled.reduce((sum, { content }) => sum + size(content), 0);
  const gzip = total((content) => gzipSync(content).length);
  const brotli = total((content) => brotliCompressSync(content).length);
  context.diagnostic(`${total(({ length }) => length)} bytes, ${gzip} by gzip, ${brotli} by brotli`);
  assert.ok(gzip <= BUNDLE_BYTES_MAX, `${gzip} bytes by gzip`);
});

test("nothing in the bundle leads to another host, or is loaded from one", () => {
  // names of vocabularies, which nobody fetches, and what messages of libraries say in text
  const known = /^https?:\/\/(www\.w3\.org\/|localhost|127\.0\.0\.1|codemirror\.net|github\.com|HOST)/;
  for (const { name, content } of files) {
    const links = content.toString("utf8").match(/\bhttps?:\/\/[\w.-]+[^\s"'`)]*/g) ?? [];
    assert.deepEqual(
      links.filter((link) => !known.test(link)),
      [],
      name,
    );
    assert.doesNotMatch(content.toString("utf8"), /@import\s+url|url\(\s*["']?(https?:)?\/\//, name);
  }
});

describe("the files of the dashboard", () => {
  const get = (path: string, headers: Record<string, string> = {}) =>
    fetch(`${server.address}${path}`, { redirect: "manual", headers });

  test("come without a key, with a strict policy, and what is named by its hash is kept for good", async () => {
    const index = await get("/dashboard/");
    assert.equal(index.status, 200);
    assert.equal(index.headers.get("cache-control"), "no-cache");
    assert.match(index.headers.get("content-type") ?? "", /^text\/html; charset=utf-8$/i);
    const html = await index.text();
    const assets = [...html.matchAll(/(?:src|href)="\.\/(assets\/[^"]+)"/g)].map((match) => match[1] ?? "");
    assert.ok(assets.length >= 3, html);
    assert.doesNotMatch(html, /<script(?![^>]*\ssrc=)|<style|\sstyle=|\son\w+=/i, "nothing stands in the page itself");
    for (const [path, kept] of [
      ["", "no-cache"],
      ...assets.map((asset) => [asset, "public, max-age=31536000, immutable"]),
    ]) {
      const answer = await get(`/dashboard/${path}`);
      assert.equal(answer.status, 200, path);
      assert.equal(answer.headers.get("content-security-policy"), POLICY, path);
      assert.equal(answer.headers.get("x-content-type-options"), "nosniff", path);
      assert.equal(answer.headers.get("referrer-policy"), "no-referrer", path);
      assert.equal(answer.headers.get("cache-control"), kept, path);
      await answer.arrayBuffer();
    }
    const head = await fetch(`${server.address}/dashboard/`, { method: "HEAD" });
    assert.equal(head.headers.get("content-security-policy"), POLICY);
  });

  test("are compressed as the browser asks for it", async () => {
    const asset = files.find(({ name }) => /index-.*\.js$/.test(name))?.name ?? "";
    for (const encoding of ["br", "gzip"]) {
      const answer = await get(`/dashboard/${asset}`, { "accept-encoding": encoding });
      assert.equal(answer.headers.get("content-encoding"), encoding);
      assert.match(answer.headers.get("vary") ?? "", /accept-encoding/i);
      assert.equal(await answer.text(), files.find(({ name }) => name === asset)?.content.toString("utf8"));
    }
  });

  test("are open, and data is not", async () => {
    assert.equal((await server.request("GET", "/collections")).status, 401);
  });

  test("are found at the path without its last slash, too, and there is nothing else", async () => {
    const moved = await get("/dashboard?x=1");
    assert.equal(moved.status, 308);
    assert.equal(moved.headers.get("location"), "dashboard/?x=1");
    for (const path of [
      "/dashboard/assets/missing.js",
      "/dashboard/assets/../.stamp",
      "/dashboard/assets/..%2f.stamp",
      "/dashboard/assets/%2e%2e/%2e%2e/package.json",
      "/dashboard/package.json",
      "/dashboard/.stamp",
    ]) {
      const answer = await get(path);
      assert.ok([401, 403, 404].includes(answer.status), `${path}: ${answer.status}`);
    }
    assert.ok(existsSync(join(release, ".stamp")));
  });
});

describe("the page by TLS", { skip: noBrowser }, () => {
  let folder: string;
  let secured: ServerProcess;

  before(async () => {
    folder = newFolder("dashboard-tls");
    const authority = await newAuthority("authority of a test");
    const { cert, key } = await authority.issue("server");
    const file = (name: string, content: string) => {
      writeFileSync(join(folder, name), content, { mode: 0o600 });
      return join(folder, name);
    };
    const options = ["--tls-cert", file("crt", cert), "--tls-key", file("key", key), "--api-key", KEY];
    const trust = { ca: authority.cert, apiKey: KEY };
    secured = await startServer({ dataFolder: join(folder, "data"), options, trust });
  });

  // not by the test, whose hooks run in the order they are given in: its page is open until the last of them, and may be loading something
  after(async () => {
    await secured.kill();
    removeFolder(folder);
  });

  test("asks by TLS, with the key", async (t) => {
    const view = await driver.open(t, secured.address, "/overview", { key: KEY, isTrusting: true });
    assert.match(view.page.url(), /^https:/);
    await view.shows("Reads and writes are served.");
  });
});

describe("the page", { skip: noBrowser }, () => {
  test("asks for a key, says why one is refused, keeps it for the tab alone, and forgets it", async (t) => {
    const view = await driver.open(t, server.address, "/collections");
    view.allow(/status of 401/);
    const { page } = view;
    const input = page.getByLabel("Key or token");
    await input.fill("wrong");
    await page.getByRole("button", { name: "Go on" }).click();
    await view.shows("Invalid API key or JWT");
    await view.look("key");
    await page.getByLabel("Key or token").fill(KEY);
    await page.getByRole("button", { name: "Go on" }).click();
    await page.getByRole("button", { name: "Forget the key" }).waitFor();
    assert.equal(await page.locator("dialog").count(), 0);
    assert.equal(await page.evaluate("localStorage.length + document.cookie.length"), 0);
    const other = await page.context().newPage();
    await other.goto(`${server.address}/dashboard/#/collections`);
    await other.getByLabel("Key or token").waitFor();
    await other.close();
    const shown = page.getByRole("table", { name: "Collections" });
    await shown.waitFor();
    await page.getByRole("button", { name: "Forget the key" }).click();
    await page.getByLabel("Key or token").waitFor();
    assert.equal(await shown.count(), 0, "what was asked with the key goes with it");
    assert.equal(await page.evaluate("sessionStorage.length"), 0);
  });

  test("does not ask again who gave no key, before it is wanted", async (t) => {
    const view = await driver.open(t, server.address, "/overview");
    view.allow(/status of 401/);
    const { page } = view;
    await page.getByRole("button", { name: "Cancel" }).click();
    // of two requests: the other one would open the question again, and so would the next page
    await view.shows(/^A key is needed/);
    await view.go("/collections");
    await view.shows(/^A key is needed/);
    await view.go("/overview");
    await view.shows(/^A key is needed/);
    assert.equal(await page.locator("dialog").count(), 0);
    await page.getByRole("button", { name: "Give a key" }).click();
    await page.getByLabel("Key or token").fill(KEY);
    await page.getByRole("button", { name: "Go on" }).click();
    await view.shows("Reads and writes are served.");
    assert.equal(await page.getByRole("button", { name: "Give a key" }).count(), 0);
  });

  test("says where the browser loses digits, and writes nothing with it", async (t) => {
    const view = await driver.open(t, server.address, "/overview", { key: KEY, isAlone: true });
    const { page } = view;
    await page.addInitScript("delete JSON.rawJSON");
    await server.request("PUT", "/collections/digits", { vectors: { size: 2, distance: "Dot" } }, { "api-key": KEY });
    await page.reload();
    await view.shows(/This browser cannot keep the digits/);
    await view.go("/collections/digits");
    await page.getByLabel("Another name").fill("other");
    await page.getByRole("button", { name: "Add the alias" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Add the alias" }).click();
    await view.shows(/nothing is written with it/);
  });

  test("is used by the keyboard, and its colours are chosen", async (t) => {
    const view = await driver.open(t, server.address, "/collections", { key: KEY });
    const { page } = view;
    await page.keyboard.press("Tab");
    await page.getByText("Skip to the page").waitFor();
    await page.keyboard.press("Enter");
    assert.equal(await page.evaluate("document.activeElement.id"), "main");
    await page.getByLabel("Colours").selectOption("dark");
    assert.equal(await page.evaluate("document.documentElement.dataset.theme"), "dark");
    await page.reload();
    assert.equal(await page.evaluate("document.documentElement.dataset.theme"), "dark");
    await page.getByRole("link", { name: "Regions" }).click();
    await page.getByRole("heading", { level: 1, name: "Regions" }).waitFor();
    assert.equal(await page.title(), "Regions · Murmuration");
    await view.go("/nowhere", "Not found");
  });
});
