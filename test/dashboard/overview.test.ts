import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { startE2eServer } from "../e2e/e2e-server.js";
import { Driver, noBrowser } from "../support/dashboard/driver.js";
import { harmDone, hostileNames } from "../support/dashboard/hostile.js";
import { until } from "../support/until.js";

const KEY = "a-key-of-a-test";
const driver = new Driver();
const server = await startE2eServer(["--api-key", KEY]);

const send = async (method: string, path: string, body?: unknown) => {
  const answer = await server.request(method, path, body, { "api-key": KEY });
  assert.equal(answer.status, 200, answer.text);
  return answer.body.result;
};

async function fill(): Promise<void> {
  await send("PUT", "/collections/words", { vectors: { size: 4, distance: "Cosine" } });
  const points = Array.from({ length: 500 }, (_, id) => ({ id, vector: [id, 1, id % 7, 3], payload: { n: id } }));
  await send("PUT", "/collections/words/points?wait=true", { points });
  for (const name of hostileNames)
    await send("PUT", `/collections/${encodeURIComponent(name)}`, { vectors: { size: 1, distance: "Dot" } });
}

describe("the overview", { skip: noBrowser }, () => {
  test("shows what there is, how it is asked, and what is slow", async (t) => {
    await fill();
    const view = await driver.open(t, server.address, "/overview", { key: KEY });
    await view.shows("Reads and writes are served.");
    await view.shows("words");
    let asking = true;
    const load = (async () => {
      while (asking) {
        await send("POST", "/collections/words/points/query", { query: [1, 2, 3, 4], limit: 5 });
        await send("PUT", "/collections/words/points", { points: [{ id: 1, vector: [1, 2, 3, 4] }] });
      }
    })();
    const stop = () => {
      asking = false;
      return load;
    };
    t.after(stop);
    const figure = async (label: string) =>
      (await view.page.locator(".stat", { hasText: label }).first().locator(".stat-value").innerText()).trim();
    await until(async () => /^[1-9][\d,.]*( k)?\/s$/.test(await figure("Requests")), "requests are counted");
    await until(async () => /[µm]?s$/.test(await figure("Latency p50")), "latency is measured");
    await until(async () => (await view.page.locator(".plot canvas").count()) === 4, "plots are drawn");
    assert.equal(await figure("Points"), "500");
    assert.equal(await figure("Collections"), String(hostileNames.length + 1));
    await view.shows("POST …/points/query");
    await view.page.getByRole("link", { name: "U+00A0 U+2003" }).waitFor();
    assert.doesNotMatch(await view.text(), /GET \/metrics|NaN|undefined|Infinity/);
    assert.equal(await view.page.evaluate(harmDone), false);
    await view.look("overview");
    await stop();
    const paint = `performance.getEntriesByName("first-contentful-paint")[0]?.startTime`;
    t.diagnostic(`first contentful paint after ${Math.round((await view.page.evaluate(paint)) as number)} ms`);
  });

  test("is drawn in a browser whose machine has no language", async (t) => {
    const view = await driver.open(t, server.address, "/overview", { key: KEY, isAlone: true });
    const { page } = view;
    // what Chromium says where LANG is C.UTF-8
    await page.addInitScript(
      `Object.defineProperty(Navigator.prototype, "language", { get: () => "en-US@posix", configurable: true })`,
    );
    await page.reload();
    await until(async () => (await page.locator(".plot canvas").count()) === 4, "plots are drawn");
  });

  test("says why nothing is drawn where the code for it cannot be had", async (t) => {
    const view = await driver.open(t, server.address, "/overview", { key: KEY, isAlone: true });
    view.allow(/Failed to load resource/);
    await view.page.route(/uPlot.*\.js/, (route) => route.abort());
    await view.page.reload();
    await view.shows("It could not be drawn");
  });

  test("says in words why a server is not ready, and that figures are old when it does not answer", async (t) => {
    const view = await driver.open(t, server.address, "/overview", { key: KEY });
    await view.shows("Reads and writes are served.");
    view.allow(/ERR_CONNECTION_REFUSED|ERR_FAILED|status of 503/);
    await view.page.route("**/murmur/status", async (route) => {
      const answer = (await (await route.fetch()).json()) as { result: object };
      const reasons = ["the disk is full: nothing can be written", '<b>shard "x"</b> is quarantined'];
      await route.fulfill({ json: { ...answer, result: { ...answer.result, ready: false, reasons } } });
    });
    await view.shows("the disk is full: nothing can be written");
    await view.shows('<b>shard "x"</b> is quarantined');
    await view.shot("overview-not-ready");
    await view.page.route("**/metrics", (route) => route.abort());
    await view.shows("does not answer");
    await view.shows("The figures below are not the latest");
  });

  test("asks nothing while the tab is hidden, goes on when it is shown, and says when nothing is answered", async (t) => {
    const view = await driver.open(t, server.address, "/overview", { key: KEY, isAlone: true });
    await view.shows("Reads and writes are served.");
    let asked = 0;
    view.page.on("request", () => asked++);
    const show = (isHidden: boolean) =>
      view.page.evaluate(`Object.defineProperty(document, "hidden", { value: ${isHidden}, configurable: true });
        document.dispatchEvent(new Event("visibilitychange"))`);
    await view.page.clock.install();
    await show(true);
    await view.page.clock.runFor(10_000);
    const before = asked;
    await view.page.clock.runFor(60_000);
    assert.equal(asked, before);
    await show(false);
    await until(() => asked > before, "it asks again");
    const held = Promise.withResolvers<void>();
    await view.page.route("**/murmur/status", (route) =>
      held.promise.then(() => route.continue()).catch(() => undefined),
    );
    const silent = view.page.waitForRequest("**/murmur/status");
    await view.page.clock.runFor(2_000);
    await silent;
    await view.page.clock.runFor(10_000);
    await view.shows("The figures below are not the latest");
    await view.shows("There was no answer for 10 s; it is still waited for.");
    held.resolve();
    await view.page.getByText("not the latest").waitFor({ state: "detached" });
  });

  test("stays a page where an answer is not what it should be", async (t) => {
    const view = await driver.open(t, server.address, "/overview", { key: KEY });
    await view.shows("Reads and writes are served.");
    const answers = { now: '{"result":{}}' };
    await view.page.route("**/murmur/status", (route) =>
      answers.now === "" ? route.continue() : route.fulfill({ contentType: "application/json", body: answers.now }),
    );
    await view.shows("This page failed");
    answers.now = "no JSON";
    await view.page.getByRole("button", { name: "Try again" }).click();
    await view.shows("what answers there is no Murmuration server");
    answers.now = "";
    await view.shows("Reads and writes are served.");
  });

  test("tells a caller that may not see it, in the server's words", async (t) => {
    const view = await driver.open(t, server.address, "/overview", { key: KEY });
    await view.shows("Reads and writes are served.");
    view.allow(/status of 403/);
    await view.page.route("**/metrics", (route) =>
      route.fulfill({ status: 403, json: { status: { error: "Forbidden: global access is required" } } }),
    );
    await view.page.reload();
    await view.shows("Forbidden: global access is required");
  });
});
