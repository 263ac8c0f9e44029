import assert from "node:assert/strict";
import { after, describe, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { Driver, noBrowser } from "../support/dashboard/driver.js";
import { harmDone, hostileTexts } from "../support/dashboard/hostile.js";
import { RegionCluster } from "../support/regions/region-cluster.js";
import { killAllServers } from "../support/server.js";
import { until } from "../support/until.js";

/** Points of each region. */
const POINTS = 40;
/** Between two writes of a client: the rest of the time is for what is looked at. */
const PAUSE_MS = 100;
const SUSPECT_MS = 60_000;
/** Every page, and what it shows once it has its data. */
const PAGES: readonly (readonly [link: string, shows: string | RegExp])[] = [
  ["/overview", "Requests a second"],
  ["/collections", "words"],
  ["/collections/words/points", /\d+ points/],
  ["/collections/words/console", "Nothing was sent yet."],
  ["/collections/words", "Payload indexes"],
  ["/collections/words/projection", "As a list"],
  ["/collections/words/graph", /Links on layer 0/],
  ["/collections/words/quality", "Measure now"],
  ["/collections/words/conflicts", /conflict/i],
  ["/collections/words/operations", /^[1-9]\d* have come/],
  ["/simulator", /report/i],
];

describe("the page of regions", { skip: noBrowser }, () => {
  const driver = new Driver();
  let cluster: RegionCluster | undefined;
  const writing = { isOn: false, done: Promise.resolve() };
  after(async () => {
    writing.isOn = false;
    await writing.done;
    await cluster?.stop();
    killAllServers();
  });

  async function started(): Promise<RegionCluster> {
    if (cluster !== undefined) return cluster;
    cluster = await RegionCluster.start({ names: ["eu", "us", "ap"], purpose: "dashboard", roundTripMs: () => 20 });
    const { server } = cluster.region("eu");
    const made = await server.request("PUT", "/collections/words", { vectors: { size: 4, distance: "Cosine" } });
    assert.equal(made.status, 200);
    await cluster.untilEqual("words");
    return cluster;
  }

  /** Writes in all regions until it is told to stop. */
  function write(of: RegionCluster): void {
    writing.isOn = true;
    const from = async (at: number) => {
      const { server } = of.regions[at] ?? assert.fail();
      for (let turn = 0; writing.isOn; turn++) {
        const id = at * 1_000 + (turn % POINTS);
        const points = [{ id, vector: [turn, at, 1, 2], payload: { turn } }];
        await server.request("PUT", "/collections/words/points", { points }).catch(() => undefined);
        await pause(PAUSE_MS);
      }
    };
    writing.done = Promise.all(of.regions.map((_, at) => from(at))).then(() => undefined);
  }

  test("shows three regions under load, one that is cut off, and that they are equal again", async (t) => {
    const regions = await started();
    write(regions);
    const view = await driver.open(t, regions.region("eu").server.address, "/regions");
    const row = (region: string) => view.page.getByRole("row", { name: new RegExp(`^${region}\\b`) });
    await row("us").getByText("in touch").waitFor();
    await row("ap").getByText("in touch").waitFor();
    await row("eu").getByText("this replica").waitFor();
    await until(async () => /\d+(\.\d+)? (ms|s)/.test(await row("us").innerText()), "the round trip is measured");
    await view.look("regions-load");
    const other = await driver.open(t, regions.region("us").server.address, "/regions");
    for (const [link, shows] of PAGES) {
      await other.go(link);
      await other.shows(shows);
      await other.assertSound();
      await other.shot(`load${link.replaceAll("/", "-")}`);
    }

    regions.cut("ap");
    await row("ap").first().getByText("silent").waitFor({ timeout: SUSPECT_MS });
    await view.shows("A member is silent: what it holds is not known.");
    await view.page.getByText("Look here").waitFor();
    await view.look("regions-cut");

    writing.isOn = false;
    await writing.done;
    regions.heal();
    await regions.untilEqual("words");
    // digests are compared once in a while: whether they were by now is not waited for
    await view.shows(/^All members (are equal, by frontier and digest|have the same frontier; )/, SUSPECT_MS);
    await view.page.locator(".badge", { hasText: "Converged" }).waitFor();
    await view.look("regions-equal");
    assert.doesNotMatch(await view.text(), /NaN|undefined|Infinity/);
  });

  test("invites after a question, and shows the invitation once", async (t) => {
    const regions = await started();
    const view = await driver.open(t, regions.region("eu").server.address, "/regions");
    await view.page.getByRole("button", { name: "Invite a replica" }).click();
    await view.page.getByLabel("Good for").selectOption({ label: "15 minutes" });
    await view.page.getByRole("button", { name: "Make an invitation" }).click();
    const shown = view.page.locator(".regions-invitation");
    await shown.waitFor();
    const invitation = await shown.innerText();
    assert.match(invitation, /\S{20,}/);
    await view.page.getByRole("button", { name: "Copy" }).click();
    await view.page.getByRole("button", { name: "Copied" }).waitFor();
    assert.equal(await view.page.evaluate("navigator.clipboard.readText()"), invitation);
    await view.look("regions-invite");
    await view.page.getByRole("button", { name: "Done" }).click();
    await view.page.locator("dialog").waitFor({ state: "detached" });
    assert.ok(!(await view.page.content()).includes(invitation));
  });

  test("evicts after a question that names the region, and not without", async (t) => {
    const regions = await started();
    const view = await driver.open(t, regions.region("eu").server.address, "/regions");
    const evict = view.page.getByRole("button", { name: "Evict ap" });
    await evict.click();
    const sure = view.page.getByRole("button", { name: "Evict", exact: true });
    assert.equal(await sure.isDisabled(), true);
    await view.look("regions-evict");
    await view.page.keyboard.press("Escape");
    await view.page.locator("dialog").waitFor({ state: "detached" });
    await evict.click();
    await view.page.getByLabel("Type ap to go on").fill("ap");
    await sure.click();
    await view.shows(/Replica \d+ in ap is evicted/);
    await view.page.locator(".badge", { hasText: "evicted" }).waitFor();
    assert.equal(await evict.count(), 0);
  });

  test("shows what members say of themselves as text, however it is meant", async (t) => {
    const regions = await started();
    const view = await driver.open(t, regions.region("us").server.address, "/regions");
    await view.page.getByText("in touch").first().waitFor();
    const at = new Date(0).toISOString();
    await view.page.route("**/murmur/cluster", async (route) => {
      const { result, ...rest } = (await (await route.fetch()).json()) as { result: object };
      const members = hostileTexts.map((region, id) => ({ id: id + 1, region, url: region, state: "active" }));
      await route.fulfill({ json: { ...rest, result: { ...result, members } } });
    });
    await view.page.route("**/murmur/replication", async (route) => {
      const { result, ...rest } = (await (await route.fetch()).json()) as { result: object };
      const incidents = hostileTexts.map((text) => ({
        reason: text.slice(0, 50),
        detail: text,
        times: 1,
        first: at,
        last: at,
      }));
      await route.fulfill({ json: { ...rest, result: { ...result, incidents } } });
    });
    await view.shows('<img src=x onerror="document.title=1">');
    assert.equal(await view.page.evaluate(harmDone), false);
    await view.page
      .getByRole("button", { name: /show all 200,000 characters/ })
      .first()
      .click();
    await view.page.getByRole("button", { name: "show less" }).click();
    await view.look("regions-hostile");
  });
});
