import assert from "node:assert/strict";
import { before, describe, type TestContext, test } from "node:test";
import { signedToken } from "@murmuration/server/testing/tokens";
import { startE2eServer } from "../e2e/e2e-server.js";
import { Driver, noBrowser, type View } from "../support/dashboard/driver.js";

const KEY = "a-key-of-a-test-that-signs-tokens";
const driver = new Driver();
const server = await startE2eServer(["--api-key", KEY, "--jwt-rbac"]);

const send = async (method: string, path: string, body?: unknown) => {
  const answer = await server.request(method, path, body, { "api-key": KEY });
  assert.equal(answer.status, 200, answer.text);
};

const HOUR = 3_600;
const nowSeconds = () => Math.floor(Date.now() / 1_000);
const tokenOf = (claims: Parameters<typeof signedToken>[0]) =>
  signedToken({ exp: nowSeconds() + HOUR, ...claims }, KEY);

/** A token that counts until its session is ended. */
async function tokenOfSession(session: string): Promise<string> {
  await send("PUT", "/collections/sessions/points?wait=true", {
    points: [{ id: 1, vector: [1], payload: { session } }],
  });
  return tokenOf({
    access: "r",
    value_exists: { collection: "sessions", matches: [{ key: "session", value: session }] },
  });
}
const endSessions = () => send("POST", "/collections/sessions/points/delete?wait=true", { points: [1] });

const global = ["/overview", "/regions"];
/** Pages of a collection, and what each shows where it may. */
const ofCollection: readonly (readonly [page: string, shows: string | RegExp])[] = [
  ["/points", "40 points"],
  ["/console", "Nothing was sent yet."],
  ["", "Status: everything is ready."],
  ["/projection", /directions of most variance hold/],
  ["/graph", "Links on layer 0"],
  ["/quality", "Measure now"],
  ["/conflicts", "No conflicts"],
  ["/operations", "live"],
];

before(async () => {
  for (const name of ["ours", "theirs"]) {
    await send("PUT", `/collections/${name}`, { vectors: { size: 3, distance: "Dot" } });
    const points = Array.from({ length: 40 }, (_, i) => ({ id: i + 1, vector: [i, i % 7, 1], payload: { n: i } }));
    await send("PUT", `/collections/${name}/points?wait=true`, { points });
  }
  await send("PUT", "/collections/sessions", { vectors: { size: 1, distance: "Dot" } });
});

interface Watched {
  readonly view: View;
  /** The page waits for nothing, and asks for nothing more in the next minutes. */
  readonly assertAtRest: () => Promise<void>;
}

/** A tab that has this token, whose clock and requests are watched. */
async function watch(t: TestContext, key: string): Promise<Watched> {
  const view = await driver.open(t, server.address, "/simulator", { key, isAlone: true });
  const { page } = view;
  let asked = 0;
  page.on("request", () => asked++);
  await page.clock.install();
  // what the page asked for before is noted before this
  const barrier = () => page.evaluate("fetch('../livez').then(() => undefined)");
  return {
    view,
    async assertAtRest() {
      assert.equal(await page.locator(".busy").count(), 0, `it waits: ${page.url()}`);
      assert.equal(await page.getByText("connecting").count(), 0, page.url());
      await barrier();
      const before = asked;
      await page.clock.runFor(180_000);
      await barrier();
      assert.equal(asked, before + 1, `it asks again and again: ${page.url()}`);
    },
  };
}

describe("a token that reads", { skip: noBrowser }, () => {
  test("shows every page, and says what it may not write", async (t) => {
    const view = await driver.open(t, server.address, "/overview", { key: await tokenOf({ access: "r" }) });
    const { page } = view;
    await view.shows("Reads and writes are served.");
    await view.go("/regions");
    await view.shows("This server is alone");
    await view.go("/collections");
    await page.getByRole("link", { name: "theirs" }).waitFor();
    for (const [link, shown] of ofCollection) {
      await view.go(`/collections/ours${link}`);
      await view.shows(shown);
      assert.equal(await page.locator(".error-box").count(), 0, link);
    }
    view.allow(/status of 403/);
    const dialog = page.getByRole("dialog");
    await view.go("/collections/ours/points");
    await page.getByRole("button", { name: "Delete point 1", exact: true }).click();
    await dialog.getByRole("button", { name: "Delete point 1" }).click();
    await view.shows("Nothing was deleted: Forbidden: Global manage access is required");
    await page.getByRole("button", { name: "Edit the payload of 1", exact: true }).click();
    await view.look("message-in-dialog");
    // what is said of what was done before can be read and closed in front of what is open
    await dialog.getByRole("button", { name: "Close this message" }).click();
    assert.equal(await page.getByText("Nothing was deleted").count(), 0);
    await dialog.getByRole("button", { name: "Save" }).click();
    await dialog.getByText("Forbidden: Global manage access is required").waitFor();
    await page.keyboard.press("Escape");
    await view.go("/collections/ours");
    await page.getByLabel("Another name").fill("other");
    await page.getByRole("button", { name: "Add the alias" }).click();
    await dialog.getByRole("button", { name: "Add the alias" }).click();
    await view.shows("The aliases are as they were: Forbidden: Global manage access is required");
    await page.getByRole("button", { name: "Forget the key" }).click();
    await page.getByLabel("Key or token").waitFor();
    assert.equal(await page.getByText("The aliases are as they were").count(), 0, "it goes with the key");
    view.allow(/status of 401/);
  });
});

describe("a token for one collection", { skip: noBrowser }, () => {
  test("shows that one, and on every other page what it may not see, without asking again", async (t) => {
    const { view, assertAtRest } = await watch(t, await tokenOf({ access: [{ collection: "ours", access: "r" }] }));
    view.allow(/status of 403/);
    for (const [link, shown] of ofCollection) {
      await view.go(`/collections/ours${link}`);
      await view.shows(shown);
      assert.equal(await view.page.locator(".error-box").count(), 0, link);
    }
    for (const link of global) {
      await view.go(link);
      await view.shows("Forbidden: Global access is required");
      await assertAtRest();
    }
    for (const [link] of ofCollection) {
      await view.go(`/collections/theirs${link}`);
      await view.shows("Forbidden: Access to collection theirs is required");
      await assertAtRest();
    }
    assert.doesNotMatch(await view.text(), /Nothing yet|asked for again/, "nothing comes of a stream that is refused");
    await view.look("token-operations");
    await view.go("/collections");
    await view.page.getByRole("link", { name: "ours" }).waitFor();
    assert.equal(await view.page.getByRole("link", { name: "theirs" }).count(), 0);
  });

  test("that is not there does not say that there is none", async (t) => {
    const key = await tokenOf({ access: [{ collection: "not yet", access: "r" }] });
    const view = await driver.open(t, server.address, "/collections", { key });
    await view.shows("There is no collection yet, or none that this key may see.");
  });
});

describe("a token that is over", { skip: noBrowser }, () => {
  test("is said to be on every page, which asks for nothing more where nobody gives another one", async (t) => {
    const { view, assertAtRest } = await watch(t, await tokenOf({ access: "r", exp: nowSeconds() - HOUR }));
    const { page } = view;
    view.allow(/status of 401/);
    await view.go("/overview");
    await view.shows(/^Invalid API key or JWT\. The token ended at 20\d\d-/);
    await page.clock.runFor(20_000);
    assert.equal(await page.getByText("There was no answer").count(), 0, "the server has answered");
    await view.look("token-over");
    await page.getByRole("button", { name: "Cancel" }).click();
    for (const link of [...global, "/collections", ...ofCollection.map(([page]) => `/collections/ours${page}`)]) {
      await view.go(link);
      await view.shows(/^A key is needed: Invalid API key or JWT\. The token ended at/);
      await assertAtRest();
      assert.equal(await page.getByRole("dialog").count(), 0, "nobody is asked twice");
    }
    await page.getByRole("button", { name: "Give a key" }).click();
    await page.getByLabel("Key or token").fill(await tokenOf({ access: "r" }));
    await page.getByRole("button", { name: "Go on" }).click();
    await view.shows("live");
  });

  test("while a page is open is asked for, and the page goes on with it where it was", async (t) => {
    const key = await tokenOfSession("one");
    const view = await driver.open(t, server.address, "/overview", { key });
    const { page } = view;
    view.allow(/status of 401/);
    const repeated = [...global, "/collections/ours", "/collections/ours/conflicts", "/collections/ours/operations"];
    for (const link of repeated) {
      await view.go(link);
      const main = page.locator("main");
      await main
        .getByText(/Reads and writes are served|This server is alone|everything is ready|No conflicts|live/)
        .waitFor();
      await endSessions();
      await view.shows("Invalid JWT, stateful validation failed");
      await page.getByRole("button", { name: "Cancel" }).click();
      await view.shows(/^A key is needed: Invalid JWT, stateful validation failed/);
      await tokenOfSession("one");
      // the same one, which counts again
      await page.getByRole("button", { name: "Give a key" }).click();
      await page.getByLabel("Key or token").fill(key);
      await page.getByRole("button", { name: "Go on" }).click();
      await page.locator(".error-box").waitFor({ state: "detached" });
    }
    await view.shows("live");
    await send("PUT", "/collections/ours/points?wait=true", {
      points: [{ id: 1, vector: [0, 0, 1], payload: { n: 0 } }],
    });
    await view.shows("upsert");
    await view.go("/collections/ours/points");
    await view.shows("40 points");
    await endSessions();
    await page.getByRole("button", { name: "Load again" }).click();
    await view.shows("Invalid JWT, stateful validation failed");
    await tokenOfSession("one");
    await page.getByLabel("Key or token").fill(key);
    await page.getByRole("button", { name: "Go on" }).click();
    await page.getByRole("dialog").waitFor({ state: "detached" });
    await view.shows("40 points");
    assert.equal(await page.locator(".error-box").count(), 0);
  });
});
