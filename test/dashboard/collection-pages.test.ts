import assert from "node:assert/strict";
import { before, describe, type TestContext, test } from "node:test";
import type { Locator, Page } from "playwright-core";
import { startE2eServer } from "../e2e/e2e-server.js";
import { Driver, noBrowser, type View } from "../support/dashboard/driver.js";
import { until } from "../support/until.js";

/** `interactionDelay` of @codemirror/autocomplete: for 75 ms after a list opened no key accepts what it proposes. */
const COMPLETION_DEAF_MS = 80;
const LARGE = "18446744073709551615";

const driver = new Driver();
const server = await startE2eServer();

/** Puts a text in place of what is in an editor. */
async function write(editor: Locator, text: string): Promise<void> {
  await editor.click();
  await editor.press("Control+a");
  await editor.page().keyboard.insertText(text);
}

/** Answers the question that is open with yes. */
async function agree(page: Page, action: string): Promise<void> {
  const dialog = page.getByRole("dialog");
  await dialog.getByRole("button", { name: action }).click();
  await dialog.waitFor({ state: "detached" });
}

const editorOf = (within: Page | Locator) => within.locator(".cm-content");

async function payloadOf(collection: string, id: string | number): Promise<string> {
  const { text } = await server.request("GET", `/collections/${collection}/points/${id}`);
  return /"payload":(\{.*?\}),"vector"/s.exec(text)?.[1] ?? text;
}

before(async () => {
  const { client } = server;
  await client.createCollection("cities", { vectors: { size: 4, distance: "Cosine" } });
  const points = Array.from({ length: 47 }, (_, i) => ({
    id: i + 1,
    vector: [1, i / 10, (i * 7) % 5, 0.5],
    payload: { city: i % 3 === 0 ? "Berlin" : "London", number: i, at: { lat: 52 + i / 100, lon: 13 } },
  }));
  await client.upsert("cities", { wait: true, points });
  await server.request(
    "PUT",
    "/collections/cities/points",
    `{"points": [{"id": ${LARGE}, "vector": [1, 0, 0, 0], "payload": {"big": ${LARGE}}}]}`,
  );
});

describe("configuration", { skip: noBrowser }, () => {
  test("is told in words and as JSON; indexes and aliases come and go with a question", async (t) => {
    const view = await driver.open(t, server.address, "/collections/cities");
    const { page } = view;
    await view.shows("Cosine: the angle between two vectors");
    await view.shows(/by a graph of 16 links a point/);
    await page.getByLabel("Field", { exact: true }).fill("city");
    await page.getByRole("button", { name: "Add the index" }).click();
    await view.shows("Make a payload index of the kind keyword on “city”?");
    await page.locator("dialog bdi.data", { hasText: "city" }).waitFor();
    await agree(page, "Add the index");
    const row = page.getByRole("row", { name: /^city keyword/ });
    await row.waitFor();
    await page.getByLabel("Field", { exact: true }).fill("number");
    await page.getByLabel("Kind", { exact: true }).selectOption("integer");
    await page.getByLabel("Parameters as JSON").fill('{"lookup": true,');
    await view.shows(/This is no JSON/);
    assert.equal(await page.getByRole("button", { name: "Add the index" }).isDisabled(), true);
    await page.getByLabel("Parameters as JSON").fill('{"lookup": true, "range": true}');
    await page.getByRole("button", { name: "Add the index" }).click();
    await agree(page, "Add the index");
    await page.getByRole("row", { name: /^number integer lookup: true, range: true/ }).waitFor();
    await page.getByLabel("Another name").fill("towns");
    await page.getByRole("button", { name: "Add the alias" }).click();
    await agree(page, "Add the alias");
    await page.getByRole("button", { name: "Remove the alias towns" }).waitFor();
    await view.look("configuration");
    await page.getByRole("button", { name: "Remove the alias towns" }).click();
    await agree(page, "Remove the alias");
    await view.shows("The collection has no other name.");
    await page.getByRole("button", { name: "Drop the index on city" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Cancel" }).click();
    await row.waitFor();
    await page.getByRole("button", { name: "Drop the index on city" }).click();
    await agree(page, "Drop the index");
    await row.waitFor({ state: "detached" });
    view.allow(/status of 400/);
    await page.getByLabel("Field", { exact: true }).fill("a[");
    await page.getByRole("button", { name: "Add the index" }).click();
    await agree(page, "Add the index");
    await view.shows("The index was not made");
    await view.assertSound();
  });
});

describe("the canary", { skip: noBrowser }, () => {
  test("is started, held against the graph that serves, promoted and dropped, each with a question", async (t) => {
    const view = await driver.open(t, server.address, "/collections/cities");
    const { page } = view;
    const start = page.getByRole("button", { name: "Start a canary" });
    await start.waitFor();
    assert.equal(await start.isDisabled(), true, "something has to be other than in the graph that serves");
    await page.getByLabel("Links a point (m)").fill("8");
    await page.getByLabel("Share of queries in percent").fill("100");
    await start.click();
    await page.getByRole("dialog").getByText("Build a second graph on this replica?").waitFor();
    await agree(page, "Start the canary");
    await page.getByRole("button", { name: "Promote" }).and(page.locator(":enabled")).waitFor();
    await page.getByRole("row", { name: "m, ef_construct 16, 128 8, 128" }).waitFor();
    await view.look("canary");
    await page.getByRole("button", { name: "Drop", exact: true }).click();
    await agree(page, "Drop the canary");
    await start.waitFor();
    await page.getByLabel("Candidates (ef_construct)").fill("64");
    await start.click();
    await agree(page, "Start the canary");
    await page.getByRole("button", { name: "Promote" }).click();
    await agree(page, "Promote the canary");
    await view.shows(/by a graph of 16 links a point, built with 64 candidates/);
  });

  test("that is promoted is given up where it is made, with a question of its own", async (t) => {
    const view = await driver.open(t, server.address, "/overview");
    const { page } = view;
    const status = await server.request("GET", "/murmur/status");
    const { replica_id: here } = (status.body as { readonly result: { readonly replica_id: number } }).result;
    const promotion = { vector: "", m: 8, ef_construct: 64 };
    let by = here + 1;
    let given = 0;
    // what is made is whole too soon to be given up here
    await page.route(/\/canary$/, (route) => {
      if (route.request().method() === "DELETE") given++;
      const promotions = given === 0 ? [{ ...promotion, replica_id: by }] : [];
      return route.fulfill({ json: { result: { canary: null, promotions } } });
    });
    view.allow(/status of 503/);
    await page.route(/\/aliases$/, (route) => route.fulfill({ status: 503, body: "not now" }));
    await view.go("/collections/cities");
    await view.shows("It can be given up on that replica alone.");
    await view.shows("The aliases could not be read");
    assert.equal(await page.getByText("The collection has no other name.").count(), 0, "nobody knows that");
    const giveUp = page.getByRole("button", { name: "Give it up" });
    assert.equal(await giveUp.count(), 0);
    by = here;
    await giveUp.click();
    await page.getByRole("dialog").getByText("Give up the promotion on every replica?").waitFor();
    await agree(page, "Give it up");
    await view.shows("The promotion was given up.");
    assert.equal(given, 1);
  });
});

async function openPoints(t: TestContext, link = "/collections/cities/points"): Promise<View> {
  const view = await driver.open(t, server.address, link);
  await view.page.locator(".point").first().waitFor();
  return view;
}

describe("points", { skip: noBrowser }, () => {
  test("are turned page by page, there and back, with vectors and without", async (t) => {
    const view = await openPoints(t);
    const { page } = view;
    await view.shows("48 points");
    const ids = () => page.locator(".point-id").allInnerTexts();
    const first = await ids();
    assert.equal(first.length, 20);
    await page.getByRole("button", { name: "Next" }).click();
    await view.shows("page 2");
    await page.getByText("21", { exact: true }).waitFor();
    await page.getByRole("button", { name: "Next" }).click();
    await page.getByText(LARGE, { exact: true }).waitFor();
    assert.equal(await page.getByRole("button", { name: "Next" }).getAttribute("aria-disabled"), "true");
    assert.equal(await page.evaluate("document.activeElement.innerText"), "Next", "the focus stays");
    await page.keyboard.press("Enter");
    await view.shows("page 3");
    await page.getByRole("button", { name: "Previous" }).click();
    await page.getByText("21", { exact: true }).waitFor();
    await page.getByRole("button", { name: "Previous" }).click();
    await page.getByText("1", { exact: true }).waitFor();
    assert.deepEqual(await ids(), first);
    await page.getByLabel("On a page").selectOption("50");
    await page.getByText(LARGE, { exact: true }).waitFor();
    await page.getByLabel("With vectors").check();
    await page.locator(".point-open").first().click();
    await page.getByRole("heading", { name: "Vectors" }).waitFor();
    await page.getByText("{3 fields}").waitFor();
    await page.getByRole("button", { name: "Copy the id" }).click();
    assert.equal(await page.evaluate("navigator.clipboard.readText()"), "1");
    await page.getByRole("button", { name: "Load again" }).click();
    await page.getByLabel("On a page").selectOption("20");
    await page.getByRole("button", { name: "Next" }).and(page.locator('[aria-disabled="false"]')).click();
    await page.getByText("21", { exact: true }).waitFor();
    await page.route("**/points/scroll", (route) =>
      route.fulfill({ json: { result: { points: [], next_page_offset: null } } }),
    );
    await page.getByRole("button", { name: "Load again" }).click();
    await view.shows("No points are left on this page.");
  });

  test("are filtered by a form and by DSL, of which each shows what the other has", async (t) => {
    const view = await openPoints(t);
    const { page } = view;
    await page.getByLabel("Add a condition to: All of these (must)").selectOption("match");
    assert.equal(await page.getByRole("button", { name: "Apply the filter" }).isDisabled(), true);
    await view.shows("One part is not right yet.");
    await page.getByLabel("Field", { exact: true }).fill("city");
    await page.getByLabel("Value", { exact: true }).fill("Berlin");
    await page.getByLabel("Add a condition to: None of these (must_not)").selectOption("range");
    await page.getByLabel("Field", { exact: true }).nth(1).fill("number");
    await page.getByLabel("from (≥)").fill("30");
    await page.getByRole("button", { name: "Apply the filter" }).click();
    await view.shows("10 points");
    await view.look("points-filter");
    // another list begins at its first page
    await page.getByLabel("On a page").selectOption("10");
    await page.getByText("page 1", { exact: true }).waitFor();
    await page.getByRole("tab", { name: "DSL" }).click();
    const editor = editorOf(page);
    assert.deepEqual(JSON.parse((await editor.innerText()).replaceAll("\u200b", "")), {
      must: [{ key: "city", match: { value: "Berlin" } }],
      must_not: [{ key: "number", range: { gte: 30 } }],
    });
    await write(editor, '{"should": [{"has_id": [1, 2]}, {"key": "big", "match": {"value": 18446744073709551615}}, ');
    await view.shows(/This is no JSON/);
    await write(editor, `{"should": [{"has_id": [1, 2]}, {"has_id": [${LARGE}]}]}`);
    await editor.press("Control+Enter");
    await view.shows("3 points");
    await page.getByRole("tab", { name: "Form" }).click();
    assert.equal(await page.getByLabel("Id 1", { exact: true }).nth(1).inputValue(), LARGE);
    assert.match(page.url(), /filter=/);
    await page.reload();
    await view.shows("3 points");
    view.allow(/status of 503/);
    await page.route("**/points/scroll", (route) => route.fulfill({ status: 503, body: "not now" }));
    await page.getByRole("button", { name: "Clear" }).click();
    await view.shows("48 points");
    await view.shows("The points could not be read");
    assert.equal(await page.locator(".point").count(), 0, "those of another filter are not shown as these");
    await page.unroute("**/points/scroll");
    await page.getByRole("button", { name: "Try again" }).click();
    await page.locator(".point").nth(9).waitFor();
  });

  test("every kind of condition can be made by the form, and is taken by the server", async (t) => {
    const view = await openPoints(t);
    const { page } = view;
    const add = (kind: string) =>
      page.getByLabel("Add a condition to: At least one of these (should)").last().selectOption(kind);
    const last = (label: string) => page.getByLabel(label, { exact: true }).last();
    const field = () => last("Field").fill("at");
    for (const how of ["any", "except", "text", "text_any", "phrase", "prefix"]) {
      await add("match");
      await field();
      await last("How").selectOption(how);
      await page
        .getByLabel(/^Value( 1)?$/)
        .last()
        .fill("x");
    }
    await add("range");
    await field();
    await last("Of type").selectOption("datetime");
    await last("to (≤)").fill("2024-01-01");
    await add("values_count");
    await field();
    await last("more than (>)").fill("7");
    for (const kind of ["is_empty", "is_null"]) {
      await add(kind);
      await last("Field").fill(kind === "is_null" ? "none" : "city");
    }
    await add("geo_radius");
    await field();
    await last("Centre latitude").fill("0");
    await last("Centre longitude").fill("0");
    await last("Radius in metres").fill("1");
    await add("geo_bounding_box");
    await field();
    for (const [label, value] of [
      ["Top left latitude", "1"],
      ["Top left longitude", "0"],
      ["Bottom right latitude", "0"],
      ["Bottom right longitude", "1"],
    ] as const) {
      await last(label).fill(value);
    }
    await add("geo_polygon");
    await field();
    const ring = page.getByLabel(/^Border/).last();
    await ring.fill("0, 0\n0, 1\n1, 1");
    await ring.blur();
    await view.shows("A ring has 4 points at least.");
    await ring.fill("0, 0\n0, 1\n1, 1\n0, 0");
    await ring.blur();
    await add("has_id");
    await last("Id 1").fill("4");
    await page.getByRole("button", { name: "Add an id" }).click();
    await last("Id 2").fill("5");
    await add("has_vector");
    await page
      .getByLabel(/^Vector/)
      .last()
      .fill("none");
    await add("slice");
    await last("Slices in all").fill("1000000");
    await last("This one, from 0").fill("7");
    await add("json");
    await last("The condition as JSON").fill('{"has_id": [6]}');
    await add("nested");
    await last("Field").fill("list");
    await page.getByLabel("Add a condition to: All of these (must)").nth(1).selectOption("is_null");
    await last("Field").fill("inner");
    await page.getByLabel("Add a condition to: min_should").first().waitFor();
    // what stood there before looks the same: the answers themselves say it
    const answers = ["count", "scroll"].map((route) =>
      page.waitForResponse((response) => response.url().endsWith(`/collections/cities/points/${route}`)),
    );
    await page.getByRole("button", { name: "Apply the filter" }).click();
    const statuses = (await Promise.all(answers)).map((response) => response.status());
    assert.deepEqual(statuses, [200, 200]);
    await view.shows(/^\d+ points$/);
    assert.match(decodeURIComponent(page.url()), /"nested":/);
    assert.equal(await page.getByText("The points could not be read").count(), 0);
    const before = await page.locator(".condition").count();
    await page.getByRole("button", { name: "Remove this condition" }).first().click();
    assert.equal(await page.locator(".condition").count(), before - 1);
  });

  test("a payload is edited without losing a digit, in all three ways", async (t) => {
    const filter = encodeURIComponent(`{"must":[{"has_id":[${LARGE}]}]}`);
    const view = await openPoints(t, `/collections/cities/points?filter=${filter}`);
    const { page } = view;
    const edit = page.getByRole("button", { name: `Edit the payload of ${LARGE}` });
    await edit.click();
    const dialog = page.getByRole("dialog");
    const editor = editorOf(dialog);
    await editor.waitFor();
    assert.ok((await editor.innerText()).includes(LARGE));
    await write(editor, '{"big": 1,}');
    await dialog
      .getByText(/This is no JSON/)
      .first()
      .waitFor();
    assert.equal(await dialog.getByRole("button", { name: "Save" }).isDisabled(), true);
    await write(editor, '{"half": "\\ud800"}');
    await dialog
      .getByText(/no well-formed Unicode/)
      .first()
      .waitFor();
    await write(editor, `{"big": 9223372036854775807, "more": {"list": [${LARGE}, 1.5]}}`);
    await view.look("payload");
    await dialog.getByRole("button", { name: "Save" }).click();
    await dialog.waitFor({ state: "detached" });
    assert.equal(await payloadOf("cities", LARGE), `{"big":9223372036854775807,"more":{"list":[${LARGE},1.5]}}`);
    await page.getByText("9223372036854775807").first().waitFor();
    await edit.click();
    await dialog.getByLabel("What is done").selectOption("set");
    await write(editor, '{"a.b": 1}');
    await editor.press("Control+Enter");
    await dialog.waitFor({ state: "detached" });
    await page.getByText('"a.b": 1').first().waitFor();
    await edit.click();
    await dialog.getByLabel("What is done").selectOption("delete");
    assert.equal(await dialog.getByRole("button", { name: "Save" }).isDisabled(), true);
    await dialog.getByLabel("a.b").check();
    await dialog.getByLabel("more").check();
    await dialog.getByRole("button", { name: "Save" }).click();
    await dialog.waitFor({ state: "detached" });
    assert.equal(await payloadOf("cities", LARGE), '{"big":9223372036854775807}');
  });

  test("who changed a payload meanwhile is not written over without a word", async (t) => {
    const view = await openPoints(
      t,
      `/collections/cities/points?filter=${encodeURIComponent('{"must":[{"has_id":[2]}]}')}`,
    );
    const { page } = view;
    await page.getByRole("button", { name: "Edit the payload of 2" }).click();
    const dialog = page.getByRole("dialog");
    const editor = editorOf(dialog);
    await editor.waitFor();
    await server.client.overwritePayload("cities", { wait: true, points: [2], payload: { theirs: 1 } });
    await write(editor, '{"mine": 2}');
    await dialog.getByRole("button", { name: "Save" }).click();
    await dialog.getByText("was changed by somebody else meanwhile").waitFor();
    assert.equal(await payloadOf("cities", 2), '{"theirs":1}');
    await view.shot("conflict");
    await dialog.getByRole("button", { name: "Drop mine, edit theirs" }).click();
    await editor.getByText('"theirs"').waitFor();
    await server.client.overwritePayload("cities", { wait: true, points: [2], payload: { theirs: 2 } });
    await write(editor, '{"mine": 3}');
    await dialog.getByRole("button", { name: "Save" }).click();
    await dialog.getByRole("button", { name: "Keep mine" }).click();
    await dialog.getByRole("button", { name: "Save" }).click();
    await dialog.waitFor({ state: "detached" });
    assert.equal(await payloadOf("cities", 2), '{"mine":3}');
    await page.getByRole("button", { name: "Edit the payload of 2" }).click();
    await editor.waitFor();
    await server.client.delete("cities", { wait: true, points: [2] });
    view.allow(/status of 404/);
    await dialog.getByRole("button", { name: "Save" }).click();
    await dialog.getByText("The point was deleted meanwhile.").waitFor();
  });

  test("are deleted with a question that says what and how many", async (t) => {
    const view = await openPoints(
      t,
      `/collections/cities/points?filter=${encodeURIComponent('{"must":[{"key":"number","range":{"gte":40}}]}')}`,
    );
    const { page } = view;
    await view.shows("7 points");
    const { count } = await server.client.count("cities", { exact: true });
    await page.getByRole("button", { name: "Delete point 41" }).click();
    await page.getByRole("dialog").getByText("Delete point 41 of the collection").waitFor();
    await page.keyboard.press("Escape");
    await page.getByRole("dialog").waitFor({ state: "detached" });
    await page.getByRole("button", { name: "Delete point 41" }).click();
    await agree(page, "Delete point 41");
    await view.shows("6 points");
    await page.getByLabel("Choose point 42").check();
    await page.getByLabel("Choose point 43").check();
    await page.getByRole("button", { name: "Delete chosen (2)" }).click();
    await agree(page, "Delete 2 chosen points");
    await view.shows("4 points");
    await page.getByRole("button", { name: "Delete all that match" }).click();
    const action = page.getByRole("dialog").getByRole("button", { name: "Delete 4 points that match the filter" });
    assert.equal(await action.isDisabled(), true);
    await page.getByRole("dialog").getByRole("textbox").fill("4");
    await action.click();
    await view.shows("No point matches the filter.");
    assert.equal((await server.client.count("cities", { exact: true })).count, count - 7);
  });
});

describe("the console", { skip: noBrowser }, () => {
  test("proposes what can stand where the cursor is, and sends by Ctrl+Enter", async (t) => {
    const view = await driver.open(t, server.address, "/collections/cities/console");
    const { page } = view;
    const editor = editorOf(page);
    await editor.waitFor();
    await write(editor, '{"query": 1, ');
    await page.keyboard.type('"with_p');
    await page.locator(".cm-tooltip-autocomplete").getByText("with_payload").waitFor();
    await view.shot("completion");
    await page.keyboard.press("Escape");
    await write(editor, '{"query": 1, "filter": {"must": [{');
    await page.keyboard.type('"has_v');
    await page.locator(".cm-tooltip-autocomplete").getByText("has_vector").waitFor();
    await page.keyboard.press("Escape");
    await write(editor, '{"query": 1, ');
    await page.keyboard.type('"with_p');
    await page.locator(".cm-tooltip-autocomplete").getByText("with_payload").waitFor();
    const seenMs = performance.now();
    await until(() => performance.now() - seenMs > COMPLETION_DEAF_MS, "keys are taken by the list");
    await page.keyboard.press("Enter");
    await page.keyboard.type("true}");
    await editor.getByText('"with_payload"').waitFor();
    assert.match(await editor.innerText(), /"with_payload": true/);
  });

  test("shows an answer as table and JSON, its time, its plan, its code, and what was sent before", async (t) => {
    const view = await driver.open(t, server.address, "/collections/cities/console");
    const { page } = view;
    const editor = editorOf(page);
    await editor.waitFor();
    await editor.press("Control+Enter");
    await page.getByRole("columnheader", { name: "score" }).waitFor();
    await page.getByRole("columnheader", { name: "city" }).waitFor();
    assert.equal(await page.locator(".tab-panel tbody tr").count(), 10);
    await view.look("console-table");
    await page.getByRole("tab", { name: "JSON" }).click();
    await view.shows("status:");
    await page.getByRole("tab", { name: "Timing" }).click();
    await view.shows(/in all, .* of it in the server;/);
    for (const part of ["on the way", "find the nearest (exact)", "print the answer", "receive the answer"])
      await view.shows(part);
    await view.look("console-timing");
    await write(
      editor,
      '{"query": 1, "limit": 3, "filter": {"must": [{"key": "city", "match": {"value": "Berlin"}}]}}',
    );
    await page.getByRole("button", { name: "Explain" }).click();
    await view.shows(/there is no payload index on "city"/);
    await view.shows("comparison with all");
    await view.look("console-plan");
    await page.getByRole("tab", { name: "Code" }).click();
    await page.getByRole("button", { name: "Copy the command" }).click();
    const command = String(await page.evaluate("navigator.clipboard.readText()"));
    assert.match(command, /^curl --globoff -X POST 'http:\/\/127\.0\.0\.1:\d+\/collections\/cities\/points\/query'/);
    for (const [tab, text] of [
      ["JavaScript", "client.query("],
      ["Python", "client.query_points("],
    ] as const) {
      await page.getByRole("tab", { name: tab }).click();
      await page.locator(".console-code").getByText(text).waitFor();
    }
    await view.look("console-code");
    await page.getByLabel("Route").selectOption("POST /collections/{collection_name}/points/count");
    await page.getByRole("button", { name: "Send" }).click();
    await page.getByRole("tab", { name: "Answer" }).click();
    await page.getByRole("columnheader", { name: "count" }).waitFor();
    await page.getByRole("tab", { name: "History" }).click();
    assert.equal(await page.locator(".history-entry").count(), 2);
    await view.look("console-history");
    await page.locator(".history-entry").nth(1).click();
    await editor.getByText('"query"').waitFor();
    await page.reload();
    await page.getByRole("tab", { name: "History" }).click();
    await page.locator(".history-entry").nth(1).waitFor();
    await page.getByRole("button", { name: "Forget these" }).click();
    await view.shows("Nothing was sent in this tab yet.");
  });

  test("says what is wrong before and after it is sent, and asks before it writes", async (t) => {
    const view = await driver.open(t, server.address, "/overview");
    const { page } = view;
    await view.go("/collections/cities/console");
    const editor = editorOf(page);
    await editor.waitFor();
    await write(editor, '{"query": [1, 2]');
    await view.shows(/This is no JSON/);
    assert.equal(await page.getByRole("button", { name: "Send", exact: true }).isDisabled(), true);
    await write(editor, '{"query": [1, 2]}');
    view.allow(/status of 400/);
    await editor.press("Control+Enter");
    await view.shows("The server refused this");
    await view.shows(/expected dim: 4, got 2/);
    await page.route("**/points/query", (route) => route.abort());
    view.allow(/ERR_FAILED/);
    await editor.press("Control+Enter");
    await view.shows("There was no answer");
    assert.equal(await page.getByText(/expected dim: 4, got 2/).count(), 0, "it is no answer to this request");
    await page.route("**/explain", (route) => route.fulfill({ status: 503, body: "not now" }));
    view.allow(/status of 503/);
    await page.getByRole("button", { name: "Explain" }).click();
    await view.shows("The server could not do it (503): not now");
    assert.equal(await page.getByText("There was no answer").count(), 0, "there was one");
    await page.getByRole("tab", { name: "Answer" }).click();
    await page.getByLabel("Route").selectOption("DELETE /collections/{collection_name}/index/{field_name}");
    await view.shows("field_name is missing.");
    // would name the collection itself
    await page.getByRole("combobox", { name: "field_name" }).fill("..");
    await view.shows('".." cannot stand in a path');
    assert.equal(await page.getByRole("button", { name: "Send…" }).isDisabled(), true);
    await page.getByRole("tab", { name: "Code" }).click();
    await page.locator(".tab-panel").getByText("cannot stand in a path").waitFor();
    await page.getByRole("combobox", { name: "field_name" }).fill("number");
    await page.getByRole("button", { name: "Send…" }).click();
    await page.getByRole("dialog").getByText("/collections/cities/index/number").waitFor();
    await page.getByRole("dialog").getByText("It is done in every region.").waitFor();
    await page.getByRole("dialog").getByRole("button", { name: "Cancel" }).click();
    await page.getByRole("button", { name: "Send…" }).click();
    await agree(page, "Send");
    await view.shows("answered");
    await page.getByLabel("Route").selectOption("GET /collections/{collection_name}");
    await page.getByText("Parameters of the query").click();
    await page.getByRole("combobox", { name: "timeout" }).fill("5");
    await page.getByRole("button", { name: "Send", exact: true }).click();
    await page.getByRole("columnheader", { name: "points_count" }).waitFor();
    await page.getByLabel("Route").selectOption("DELETE /collections/{collection_name}");
    await page.getByRole("button", { name: "Send…" }).click();
    await page.getByRole("dialog").waitFor();
    await page.goBack();
    await page.getByRole("heading", { level: 1, name: "Overview" }).waitFor();
    await page.getByRole("dialog").waitFor({ state: "detached" });
    assert.equal((await server.request("GET", "/collections/cities")).status, 200);
  });
});
