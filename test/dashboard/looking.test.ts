import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { startE2eServer } from "../e2e/e2e-server.js";
import { Driver, noBrowser } from "../support/dashboard/driver.js";
import { ok as okOf } from "../support/ok.js";
import { newFolder, removeFolder } from "../support/server.js";
import { until } from "../support/until.js";

const driver = new Driver();
const server = await startE2eServer();
const folder = newFolder("looking");
after(() => removeFolder(folder));

const COUNT = 320;
/** Of three kinds that lie apart. */
const centres = [
  [6, 0, 0, 0, 1, 0],
  [0, 6, 0, 0, 0, 1],
  [0, 0, 6, 1, 0, 0],
];
const vectorOf = (i: number) =>
  (centres[i % 3] as number[]).map((x, k) => x + Math.sin(i * (k + 1.3)) + 0.4 * Math.cos(i * i + k));
const HOSTILE = '<img src=x onerror="window.hit=1"><script>window.hit=1</script>\u202Eevil';
/** Notes the names of points that stood over a list that was there before them, whenever the page changed. */
const noteMixed = `(() => {
  const card = document.querySelector(".near").parentElement;
  const now = () => ({ of: card.querySelector("p a").textContent, first: card.querySelector(".near li") });
  let last = now();
  window.mixed = [];
  new MutationObserver(() => {
    const { of, first } = now();
    if (of !== last.of && first !== null) window.mixed.push(of);
    last = { of, first };
  }).observe(card, { subtree: true, childList: true, characterData: true });
})()`;
/** Notes where labels stand on the canvas since it was cleared. */
const noteLabels = `(() => {
  const drawn = CanvasRenderingContext2D.prototype;
  const { clearRect, fillText } = drawn;
  window.labels = [];
  drawn.clearRect = function (...box) {
    window.labels = [];
    clearRect.apply(this, box);
  };
  drawn.fillText = function (text, x, y) {
    const { width } = this.measureText(text);
    window.labels.push({ text, left: this.textAlign === "right" ? x - width : x, width, y });
    fillText.call(this, text, x, y);
  };
})()`;
const LINE = 12;
/** Pairs of labels that are written over each other, of all that are drawn next. */
const mixedLabels = (drawn: readonly Label[]) =>
  drawn.flatMap((one, i) =>
    drawn
      .slice(i + 1)
      .filter(
        ({ left, width, y }) => Math.abs(y - one.y) < LINE && left < one.left + one.width && one.left < left + width,
      )
      .map(({ text }) => `${one.text} and ${text}`),
  );

interface Label {
  readonly text: string;
  readonly left: number;
  readonly width: number;
  readonly y: number;
}
const kinds = ["ash", "birch", "cedar"];

const ok = (method: string, path: string, body?: unknown) => okOf(server, method, path, body);

before(async () => {
  await ok("PUT", "/collections/c", { vectors: { size: 6, distance: "Euclid" } });
  const points = Array.from({ length: COUNT }, (_, i) => ({
    id: i + 1,
    vector: vectorOf(i),
    payload: { kind: i === 5 ? HOSTILE : kinds[i % 3], height: i / 10, a: { b: i % 2 === 0 } },
  }));
  await ok("PUT", "/collections/c/points?wait=true", { points });
  await ok("PUT", "/collections/s", { sparse_vectors: { text: {} } });
});

describe("the projection", { skip: noBrowser }, () => {
  test("lays points out, colours them, tells what is nearest, and is reached by the keyboard", async (t) => {
    const view = await driver.open(t, server.address, "/collections/c/projection");
    const { page } = view;
    await view.shows(/directions of most variance hold/);
    await page.getByLabel("Coloured by the field").fill("kind");
    await view.shows("ash");
    await view.shows("cedar");
    // the pointer finds a point somewhere on the picture
    const box = (await page.locator("canvas").first().boundingBox()) as { x: number; y: number; width: number };
    for (let y = 40; y < 500 && (await page.locator(".near").count()) === 0; y += 40)
      for (let x = 20; x < box.width; x += 20) await page.mouse.move(box.x + x, box.y + y);
    await view.shows(/Nearest to \d+, by a query/);
    await page.locator(".near li").nth(7).waitFor();
    await page.evaluate(noteMixed);
    const row = page.locator(".list-row").first();
    await row.focus();
    const id = Number((await row.innerText()).split(/\s/)[0]);
    await view.shows(`Nearest to ${id}, by a query`);
    await page.locator(".near li").nth(7).waitFor();
    assert.deepEqual(await page.evaluate("window.mixed"), [], "no list of another point, not for a frame");
    const near = await page.locator(".near a").allInnerTexts();
    const { points } = (await ok("POST", "/collections/c/points/query", { query: id, limit: 8 })) as {
      readonly points: readonly { readonly id: number }[];
    };
    assert.deepEqual(
      near.map(Number),
      points.map((one) => one.id),
      "the nearest by a query",
    );
    await view.look("projection");
    await page.getByLabel("Coloured by the field").fill("height");
    await page.locator(".legend-range").waitFor();
    // other points have not the colours of those before them, and another field has not those of the one before it
    const legend = page.locator(".legend");
    const held = Promise.withResolvers<void>();
    await page.route(/\/collections\/c\/points$/, (route) =>
      held.promise.then(() => route.fulfill({ status: 503, body: "not now" })).catch(() => undefined),
    );
    await page.getByRole("button", { name: "Other points" }).click();
    await legend.waitFor({ state: "detached" });
    view.allow(/status of 503/);
    held.resolve();
    await view.shows("The field could not be read");
    await page.unroute(/\/collections\/c\/points$/);
    await page.getByLabel("Coloured by the field").fill("kind");
    await legend.waitFor();
    // points that lie apart do so on the plane: the pointer finds one, and opens it
    await page.locator("canvas").first().focus();
    for (const key of ["+", "+", "ArrowLeft", "0"]) await page.keyboard.press(key);
    await page.getByLabel("Coloured by the field").fill("no.such.field");
    await view.shows("no value");
    await page.keyboard.press("Tab");
    await row.focus();
    await page.keyboard.press("Enter");
    await page.waitForURL(/\/points\?filter=/);
    await view.shows(/^1 point/);
    assert.equal(await page.evaluate("window.hit"), undefined, "no text of data is carried out");
  });

  test("is laid out by UMAP in a worker, which can be ended", async (t) => {
    const view = await driver.open(t, server.address, "/collections/c/projection");
    const { page } = view;
    await view.shows(/directions of most variance hold/);
    assert.equal(page.workers().length, 0, "nothing is loaded before it is asked for");
    await page.getByLabel("UMAP's neighbours").fill("1");
    await view.shows("a whole number from 2 to 100");
    assert.ok(await page.getByRole("button", { name: "Lay out by UMAP" }).isDisabled());
    await page.getByLabel("UMAP's neighbours").fill("10");
    await page.getByRole("button", { name: "Lay out by UMAP" }).click();
    await view.shows("By UMAP with 10 neighbours.", 30_000);
    await until(() => page.workers().length === 0, "the worker has ended");
    await view.look("projection-umap");
    await page.getByRole("button", { name: "Principal components" }).click();
    await view.shows(/directions of most variance hold/);
    // held: the run does not end before it is cancelled
    const held = Promise.withResolvers<void>();
    await page.route(/umap\.worker/, (route) => held.promise.then(() => route.abort()).catch(() => undefined));
    await page.getByRole("button", { name: "Lay out by UMAP" }).click();
    await page.getByRole("button", { name: "Cancel UMAP" }).click();
    await page.getByRole("button", { name: "Lay out by UMAP" }).waitFor();
    await until(() => page.workers().length === 0, "the worker was ended");
    held.resolve();
  });

  test("says where there is nothing to lay out, and what failed", async (t) => {
    const view = await driver.open(t, server.address, "/collections/s/projection");
    await view.shows("This collection has no dense vectors");
    view.allow(/status of 404/);
    await view.go("/collections/none/projection");
    await view.shows(/Collection `none` doesn't exist/);
  });
});

describe("the graph", { skip: noBrowser }, () => {
  test("shows a node with its links, and goes from one to the next", async (t) => {
    const view = await driver.open(t, server.address, "/overview");
    const { page } = view;
    view.allow(/status of 503/);
    await page.route("**/points/scroll", (route) => route.fulfill({ status: 503, body: "not now" }));
    await view.go("/collections/c/graph");
    await view.shows("The links could not be read");
    assert.equal(await page.getByText("No point has this vector yet.").count(), 0, "nobody knows that");
    await page.unroute("**/points/scroll");
    await page.getByRole("button", { name: "Try again" }).click();
    await page.locator(".near li").first().waitFor();
    await page.getByLabel("Point", { exact: true }).fill("7");
    await page.getByRole("button", { name: "Show its links" }).click();
    const links = (await ok("GET", "/murmur/collections/c/points/7/links")) as readonly {
      readonly neighbours: readonly { readonly id: number }[];
    }[];
    const [first] = links[0]?.neighbours ?? [];
    await page.getByLabel(`Point 7 and its ${links[0]?.neighbours.length} links on layer 0`).waitFor();
    assert.equal(await page.locator(".near li").count(), links[0]?.neighbours.length);
    await view.look("graph-links");
    // as wide as it is shown: what is drawn is neither squeezed nor pressed beside where it is seen
    const isSharp = `(() => { const { width, clientWidth } = document.querySelector("canvas.plot"); return width === clientWidth; })()`;
    await until(async () => (await page.evaluate(isSharp)) === true, "the drawing is as wide as its place");
    await page.locator(".near button").first().click();
    await page.getByLabel(new RegExp(`^Point ${first?.id} and its`)).waitFor();
    await page.getByRole("button", { name: "Back to 7" }).click();
    await page.getByLabel(/^Point 7 and its/).waitFor();
    view.allow(/status of 404/);
    await page.getByLabel("Point", { exact: true }).fill("99999");
    await page.getByRole("button", { name: "Show its links" }).click();
    await view.shows("No point with id 99999 found");
    assert.equal(await page.locator(".near li").count(), 0, "no links of another point");
  });

  test("shows the walk of a query step by step, by keys", async (t) => {
    const view = await driver.open(t, server.address, "/collections/c/graph");
    const { page } = view;
    await page.getByRole("tab", { name: "The walk of a query" }).click();
    await page.getByRole("button", { name: "Walk" }).click();
    await view.shows("Give a point's id, or the numbers of a vector.");
    await page.getByLabel("A point's id, or a vector").fill("[1, 2, x]");
    await page.getByRole("button", { name: "Walk" }).click();
    await view.shows("Number 3 of the vector is none.");
    await page.getByLabel("A point's id, or a vector").fill(vectorOf(40).join(", "));
    await page.getByLabel("Width (hnsw_ef)").fill("12");
    await page.getByRole("button", { name: "Walk" }).click();
    await page.getByText(/^step 1 of \d+$/).waitFor();
    const steps = Number((await page.locator(".steps output").innerText()).split(" ").at(-1));
    assert.ok(steps > 4, `${steps} steps`);
    await page.getByRole("button", { name: "Forward" }).click();
    await page.getByText(`step 2 of ${steps}`).waitFor();
    await page.keyboard.press("ArrowRight");
    await page.getByText(`step 3 of ${steps}`).waitFor();
    await page.keyboard.press("ArrowLeft");
    await page.keyboard.press("End");
    await page.getByText(`step ${steps} of ${steps}`).waitFor();
    await view.shows(/It ends: every candidate that is kept was expanded/);
    const last = page.locator('.step-row[aria-current="step"]');
    await last.waitFor();
    const isInSight = `(() => {
      const row = document.querySelector('.step-row[aria-current="step"]')?.getBoundingClientRect();
      if (row === undefined) return false;
      const box = document.querySelector(".virtual-list").getBoundingClientRect();
      return row.top >= box.top - 1 && row.bottom <= box.bottom + 1;
    })()`;
    // the list follows
    await page.waitForFunction(isInSight);
    const body = { query: vectorOf(40), limit: 5, params: { hnsw_ef: 12 } };
    const { points } = (await ok("POST", "/collections/c/points/query", body)) as {
      readonly points: readonly { readonly id: number }[];
    };
    assert.deepEqual(
      (await page.locator(".near a").allInnerTexts()).map(Number),
      points.map(({ id }) => id),
    );
    await page.getByText(`step ${steps} of ${steps}`).waitFor();
    await view.look("graph-walk");
    await page.setViewportSize({ width: 360, height: 800 });
    await page.keyboard.press("Home");
    await page.getByText(`step 1 of ${steps}`).waitFor();
    await page.evaluate(noteLabels);
    for (let step = 2; step <= steps; step++) {
      await page.evaluate("window.labels = []");
      await page.getByRole("button", { name: "Forward" }).click();
      await page.getByText(`step ${step} of ${steps}`).waitFor();
      await until(async () => (await page.evaluate("window.labels.length > 0")) === true, "labels are drawn");
      const drawn = (await page.evaluate("window.labels")) as readonly Label[];
      const isNamed = drawn.some(({ text }) => text === "query");
      assert.ok(isNamed, "where the walk goes to is always named");
      assert.deepEqual(mixedLabels(drawn), [], `step ${step}`);
    }
    await page.setViewportSize({ width: 1280, height: 800 });
    await page.keyboard.press("Home");
    await page.getByRole("button", { name: "Play" }).click();
    await page.getByText(`step 3 of ${steps}`).waitFor();
    await page.getByRole("button", { name: "Stop" }).click();
    await page.locator(".step-row").nth(3).click();
    await page.getByText(`step 4 of ${steps}`).waitFor();
    await page.getByLabel("A point's id, or a vector").fill("3");
    await page.getByLabel("Answers").fill("100");
    await page.getByLabel("Width (hnsw_ef)").fill("65536");
    await page.getByRole("button", { name: "Walk" }).click();
    await view.shows(/There was none: all points that match were compared/);
    await page.getByLabel("A point's id, or a vector").fill("99999");
    view.allow(/status of 404/);
    await page.getByRole("button", { name: "Walk" }).click();
    await view.shows("The query could not be walked");
    assert.equal(await page.getByText("There was none").count(), 0, "no walk of another query");
  });
});

describe("the quality", { skip: noBrowser }, () => {
  test("is measured when it is asked for, and drawn", async (t) => {
    const view = await driver.open(t, server.address, "/collections/c/quality");
    const { page } = view;
    await page.getByLabel("Widths (hnsw_ef)").fill("4 twelve");
    await view.shows("twelve is no width from 1 to 65,536");
    await page.getByLabel("Widths (hnsw_ef)").fill("12 2 6 4 18");
    await page.getByLabel("Points, drawn by their ids").fill("60");
    await page.getByRole("button", { name: "Measure" }).click();
    const table = page.getByRole("table", { name: "Recall and latency by width" });
    await table.waitFor();
    const cells = await table.locator("tbody tr").allInnerTexts();
    assert.deepEqual(
      cells.map((row) => Number(row.split("\t")[0])),
      [2, 4, 6, 12, 18],
    );
    const recall = cells.map((row) => Number.parseFloat(row.split("\t")[1] ?? ""));
    assert.ok((recall[4] as number) >= (recall[0] as number) && (recall[4] as number) > 80, String(recall));
    assert.equal(await page.locator(".uplot canvas").count(), 2);
    await view.shows("Of the unnamed vector (6, Euclid)");
    await view.look("quality");
    view.allow(/status of 503/);
    await page.route("**/quality?*", (route) => route.fulfill({ status: 503, body: "not now" }));
    await page.getByRole("button", { name: "Measure" }).click();
    await view.shows("It could not be measured");
    assert.equal(await table.count(), 0, "what was measured before is not taken for this");
  });

  test("is nothing that sparse vectors have", async (t) => {
    const view = await driver.open(t, server.address, "/collections/s/quality");
    await view.shows("all others are searched exactly");
  });
});

describe("operations", { skip: noBrowser }, () => {
  test("appear as they are written, are filtered and held, and say why they end", async (t) => {
    await ok("PUT", "/collections/o", { vectors: { size: 2, distance: "Dot" } });
    const put = (id: number, payload: object) =>
      ok("PUT", "/collections/o/points?wait=true", { points: [{ id, vector: [id, 1], payload }] });
    await put(1, { before: true });
    const view = await driver.open(t, server.address, "/collections/o/operations");
    const { page } = view;
    await page.locator(".badge-good", { hasText: "live" }).waitFor();
    const rows = page.locator(".operations-row");
    await put(71, { text: HOSTILE, many: Object.fromEntries(Array.from({ length: 3_000 }, (_, i) => [`f${i}`, i])) });
    await ok("POST", "/collections/o/points/payload?wait=true", { payload: { a: 1 }, points: [1, 71] });
    await ok("POST", "/collections/o/points/delete?wait=true", { points: [1] });
    await rows.nth(2).waitFor();
    const kindsShown = async () => (await rows.locator("button").allInnerTexts()).join(" ");
    assert.equal(await kindsShown(), "delete set-payload upsert", "the latest first, none of before");
    await page.getByLabel("set-payload", { exact: true }).uncheck();
    assert.equal(await kindsShown(), "delete upsert");
    await page.getByLabel("Points whose id has").fill("71");
    assert.equal(await kindsShown(), "upsert");
    await page.getByLabel("set-payload", { exact: true }).check();
    await page.getByLabel("Points whose id has").fill("none");
    await view.shows("None of them is of these kinds and points.");
    await page.getByLabel("Points whose id has").fill("");
    await view.look("operations");
    await rows.locator("button").nth(2).click();
    await page.getByRole("dialog").waitFor();
    assert.ok((await page.getByRole("dialog").innerText()).includes("onerror"), "hostile payloads are text");
    await page.keyboard.press("Escape");
    await page.getByRole("button", { name: "Pause" }).click();
    await put(5, {});
    await page.getByText(/4 have come since/).waitFor();
    assert.equal(await rows.count(), 3);
    await page.getByRole("button", { name: "Go on" }).click();
    await rows.nth(3).waitFor();
    await page.getByRole("button", { name: "Clear" }).click();
    await view.shows("Nothing yet");
    view.allow(/status of 404/);
    await ok("DELETE", "/collections/o");
    await view.shows("The stream was refused: nothing appears here");
    await view.shows("Collection `o` doesn't exist");
    await ok("PUT", "/collections/o", { vectors: { size: 2, distance: "Dot" } });
    view.allow(/status of 400/);
    await page.getByRole("button", { name: "Try again" }).click();
    await page.locator(".badge-good", { hasText: "live" }).waitFor();
    await view.shows("operations in between may be missing here");
    assert.equal(await page.evaluate("window.hit"), undefined);
  });
});

describe("a report of the simulator", { skip: noBrowser }, () => {
  const run = {
    format: "murmuration-run",
    version: 1,
    title: `a run ${HOSTILE}`,
    seed: 7,
    profile: "deletes",
    simulated_ms: 4_000,
    cut: true,
    replicas: [1, 2, 3],
    faults: [{ kind: "partition", at_ms: 4, for_ms: 20, replica: 2, other: 3 }],
    events: [
      { at_ms: 1, kind: "start", replica: 1, text: "starts" },
      { at_ms: 2, kind: "write", replica: 1, text: "upsert 4", operations: "1:1 upsert 4", told: true },
      ...Array.from({ length: 60 }, (_, i) => ({
        at_ms: 3 + i,
        kind: "message",
        replica: 1 + (i % 3),
        text: `operations 1:${i} upsert ${i}`,
        from: 1 + (i % 3),
        to: 1 + ((i + 1) % 3),
        fate: i % 7 === 3 ? "cut" : "sent",
        arrives_ms: 8 + i,
        ...(i === 5 ? { told: true } : {}),
      })),
      { at_ms: 70, kind: "fault", replica: 2, text: "partition" },
      { at_ms: 80, kind: "violation", replica: 1, text: "differs" },
    ],
    violation: { checker: "convergence", at_ms: 80, detail: `differs ${HOSTILE}`, replicas: [1, 2], points: ["4"] },
  };
  const file = (name: string, text: string) => {
    const path = join(folder, name);
    writeFileSync(path, text);
    return path;
  };

  test("is opened from a file and played, and what is hostile in it is text", async (t) => {
    const view = await driver.open(t, server.address, "/simulator");
    const { page } = view;
    const text = JSON.stringify(run).replaceAll("<", "\\u003c");
    const html = `<!doctype html><script type="application/json" id="murmuration-run">${text}</script>`;
    const input = page.getByLabel("A file that the simulator wrote");
    await input.setInputFiles(file("run.html", html));
    await view.shows("convergence");
    await page.getByText(`step 1 of ${run.events.length}`).waitFor();
    await page.getByRole("button", { name: "Forward" }).click();
    await page.keyboard.press("ArrowRight");
    await page.getByText(`step 3 of ${run.events.length}`).waitFor();
    for (let i = 0; i < 5; i++) await page.keyboard.press("ArrowRight");
    await view.shows("Faults at this moment: partition at replica 2.");
    await view.look("simulator");
    await page.getByRole("button", { name: "To the broken rule" }).click();
    await page.getByText(`step ${run.events.length} of ${run.events.length}`).waitFor();
    await page.getByLabel("only what led to the broken rule").check();
    await page.getByText("step 1 of 3").waitFor();
    assert.equal(await page.evaluate("window.hit"), undefined);
  });

  test("that is none, damaged or of another version is refused in words", async (t) => {
    const view = await driver.open(t, server.address, "/simulator");
    const input = view.page.getByLabel("A file that the simulator wrote");
    for (const [name, text, words] of [
      ["none.html", "<html><script>window.hit=1</script></html>", /is no report of the simulator/],
      ["cut.json", JSON.stringify(run).slice(0, 900), /ends too early/],
      ["new.json", JSON.stringify({ ...run, version: 9 }), /is of version 9 of the format/],
      ["odd.json", JSON.stringify({ ...run, events: [{ at_ms: "x" }] }), /Event 1, kind: is none of/],
    ] as const) {
      await input.setInputFiles(file(name, text));
      await view.shows(words);
    }
    assert.equal(await view.page.evaluate("window.hit"), undefined);
  });
});
