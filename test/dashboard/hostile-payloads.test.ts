import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import { startE2eServer } from "../e2e/e2e-server.js";
import { Driver, noBrowser } from "../support/dashboard/driver.js";

/** What a page must not make of data: each would be seen, as a script that ran, an error in the console, or a page that stands still. */
const scripts = [
  "<script>window.hacked = 1</script>",
  '<img src=x onerror="window.hacked = 1">',
  '"><svg onload=window.hacked=1>',
  "javascript:window.hacked=1",
  `$\{window.hacked = 1}`,
];
const turned = "\u202eevil\u2066txt.exe\u2069\u200f\u061c";

/** Elements of a page that a browser lays out without standing still. */
const ELEMENTS_MAX = 6_000;

const driver = new Driver();
const server = await startE2eServer();

function nested(depth: number): unknown {
  let value: unknown = scripts[0];
  for (let i = 0; i < depth; i++) value = i % 2 === 0 ? [value] : { [`d${i}`]: value };
  return value;
}

const payloads: readonly Record<string, unknown>[] = [
  { ...Object.fromEntries(scripts.map((script, i) => [`field ${i}`, script])), [scripts[1] as string]: scripts },
  { [turned]: turned, open: "\u202eevil\u2066", "\u0000\u001b[31m": "\u0000\u0007" },
  { long: "x".repeat(1_000_000), spaces: " ".repeat(10_000), word: "ﷺ𒐫".repeat(20_000) },
  Object.fromEntries(Array.from({ length: 10_000 }, (_, i) => [`field ${i}`, i])),
  { deep: nested(60) },
  { constructor: 1, toString: "x", hasOwnProperty: { valueOf: null }, "": "", length: -1, key: "k", ref: "r" },
];

/** Angle brackets and quotation marks cannot stand in a name. */
const named = `it's &amp; ${turned} %41`;

before(async () => {
  const { client } = server;
  await client.createCollection(named, { vectors: { size: 2, distance: "Dot" } });
  await client.upsert(named, {
    wait: true,
    points: payloads.map((payload, i) => ({ id: i + 1, vector: [i, 1], payload })),
  });
  await client.createPayloadIndex(named, {
    field_name: '"<img src=x onerror=window.hacked=1>"',
    field_schema: "keyword",
    wait: true,
  });
  await client.updateCollectionAliases({
    actions: [{ create_alias: { collection_name: named, alias_name: `${turned}&lt;b` } }],
  });
});

const base = `/collections/${encodeURIComponent(named)}`;

describe("hostile data", { skip: noBrowser }, () => {
  test("is text on the pages of a collection, and no page stands still", async (t) => {
    const view = await driver.open(t, server.address, base);
    const { page } = view;
    const isHarmless = async () => {
      assert.equal(await page.evaluate("window.hacked"), undefined);
      assert.equal(await page.locator("main script, main img, main svg[onload]").count(), 0);
      const elements = Number(await page.evaluate("document.querySelectorAll('*').length"));
      assert.ok(elements < ELEMENTS_MAX, `${elements} elements`);
    };
    await view.shows("At a glance");
    await view.look("hostile-configuration");
    await isHarmless();

    await view.go(`${base}/points`);
    await page.locator(".point").nth(5).waitFor();
    for (const toggle of await page.locator(".point-open").all()) await toggle.click();
    await isHarmless();
    await view.look("hostile-points");
    const closingMark = `(() => {
      const one = [...document.querySelectorAll(".json-string")].find((each) => each.textContent.startsWith('"\\u202eevil\\u2066') && each.textContent.length < 10);
      const range = document.createRange();
      range.selectNode(one.lastChild);
      return range.getBoundingClientRect().left - one.querySelector("bdi").getBoundingClientRect().right;
    })()`;
    assert.ok(Number(await page.evaluate(closingMark)) > -1, "a text turns nothing behind it");
    await page.getByRole("button", { name: /show 1,000 more of 10,000/ }).click();
    await page.getByRole("button", { name: /show all 1,000,000 characters/ }).waitFor();
    const [first] = await page.locator(".point-summary").allInnerTexts();
    assert.ok(first?.includes("<script>"), "it is shown as the text that it is");

    for (const id of [1, 3, 4]) {
      await page.getByRole("button", { name: `Edit the payload of ${id}`, exact: true }).click();
      const dialog = page.getByRole("dialog");
      await dialog.locator("textarea, .cm-content").first().waitFor();
      if (id === 4) {
        await dialog.getByLabel("What is done").selectOption("delete");
        await dialog.getByLabel("Look for a key").fill("field 999");
        await dialog.getByLabel("field 9999", { exact: true }).check();
        await dialog.getByRole("button", { name: "Save" }).click();
      } else await dialog.getByRole("button", { name: "Cancel" }).click();
      await dialog.waitFor({ state: "detached" });
    }
    const { text } = await server.request("GET", `/collections/${encodeURIComponent(named)}/points/4`);
    assert.ok(text.includes('"field 9998"') && !text.includes('"field 9999"'));
    await isHarmless();

    await view.go(`${base}/console`);
    const editor = page.locator(".cm-content");
    await editor.waitFor();
    await editor.press("Control+Enter");
    await page.getByRole("columnheader", { name: "score" }).waitFor();
    await isHarmless();
    await view.look("hostile-console");
    await page.getByRole("tab", { name: "JSON" }).click();
    await isHarmless();
    await page.getByRole("tab", { name: "Code" }).click();
    await isHarmless();
  });

  test("a link with a filter that is none says so, and shows every point", async (t) => {
    const view = await driver.open(
      t,
      server.address,
      `${base}/points?filter=${encodeURIComponent('{"must": <script>')}`,
    );
    await view.shows(/The filter of this link was left out/);
    await view.shows("6 points");
  });
});

describe("the keyboard alone", { skip: noBrowser }, () => {
  test("opens a point, filters, and sends a request from the console", async (t) => {
    const view = await driver.open(t, server.address, `${base}/points`);
    const { page } = view;
    await page.locator(".point").first().waitFor();
    /** Goes on by Tab until what has the focus is this. */
    const tabTo = async (what: string, key = "Tab") => {
      for (let i = 0; i < 200; i++) {
        await page.keyboard.press(key);
        const focused = String(
          await page.evaluate(
            "document.activeElement?.getAttribute('aria-label') ?? document.activeElement?.textContent ?? ''",
          ),
        );
        if (focused.includes(what)) return;
      }
      assert.fail(`${what} is reached by ${key}`);
    };
    await tabTo("Add a condition to: All of these (must)");
    await page.keyboard.press("h");
    await page.keyboard.press("Enter");
    await tabTo("Apply the filter");
    await tabTo("▸ 6");
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: "Payload" }).waitFor();
    await tabTo("Delete point 6");
    await page.keyboard.press("Enter");
    await page.getByRole("dialog").waitFor();
    await page.keyboard.press("Escape");
    await page.getByRole("dialog").waitFor({ state: "detached" });
    await tabTo("Console", "Shift+Tab");
    await page.keyboard.press("Enter");
    await page.locator(".cm-content").waitFor();
    await tabTo("Explain");
  });
});
