import assert from "node:assert/strict";
import { after, describe, test } from "node:test";
import { Driver, noBrowser } from "../support/dashboard/driver.js";
import { ok } from "../support/ok.js";
import { RegionCluster } from "../support/regions/region-cluster.js";
import { killAllServers } from "../support/server.js";

const driver = new Driver();
const HOSTILE = '<img src=x onerror="window.hit=1">\u202Eevil';

interface Conflict {
  readonly id: number;
  readonly parts: readonly string[];
  readonly winner: "first" | "second";
  readonly first: { readonly payload?: unknown; readonly in_log: boolean; readonly kind?: string };
  readonly second: { readonly payload?: unknown; readonly kind?: string };
}

describe("conflicts between two regions", { skip: noBrowser, timeout: 120_000 }, () => {
  let cluster: RegionCluster;
  after(async () => {
    await cluster?.stop();
    killAllServers();
  });

  test("are told by both with both sides, and shown with the winner and why", async (t) => {
    cluster = await RegionCluster.start({ names: ["eu", "us"], purpose: "conflicts" });
    const [eu, us] = ["eu", "us"].map((name) => cluster.region(name).server) as [
      ReturnType<RegionCluster["region"]>["server"],
      ReturnType<RegionCluster["region"]>["server"],
    ];
    const told = async (server: typeof eu) =>
      ((await ok(server, "GET", "/murmur/collections/c/conflicts")) as { readonly conflicts: readonly Conflict[] })
        .conflicts;
    const put = (server: typeof eu, id: number, payload: object) =>
      ok(server, "PUT", "/collections/c/points?wait=true", { points: [{ id, vector: [id, 1], payload }] });
    await ok(eu, "PUT", "/collections/c", { vectors: { size: 2, distance: "Dot" } });
    for (const id of [1, 2, 3]) await put(eu, id, { by: "eu", n: 0 });
    await cluster.untilEqual("c");
    assert.deepEqual([await told(eu), await told(us)], [[], []]);

    cluster.cut("us");
    await put(eu, 1, { by: "eu", text: HOSTILE });
    await ok(eu, "POST", "/collections/c/points/payload?wait=true", { payload: { n: 1 }, points: [2] });
    await ok(eu, "POST", "/collections/c/points/delete?wait=true", { points: [3] });
    await put(us, 1, { by: "us" });
    await ok(us, "POST", "/collections/c/points/payload?wait=true", { payload: { n: 2 }, points: [2] });
    await ok(us, "POST", "/collections/c/points/payload?wait=true", { payload: { n: 3 }, points: [3] });
    cluster.heal();
    await cluster.untilEqual("c");
    for (const [server, own] of [
      [eu, "second"],
      [us, "first"],
    ] as const) {
      const all = await told(server);
      const byId = new Map(all.map((one) => [one.id, one]));
      assert.deepEqual([...byId.keys()].sort(), [1, 2, 3]);
      assert.deepEqual([byId.get(1)?.winner, byId.get(2)?.winner], [own, own], "us wrote later");
      assert.deepEqual(byId.get(2)?.parts, ['field "n"']);
      const { first, second } = byId.get(1) as Conflict;
      assert.deepEqual(
        [first, second].map(({ payload }) => (payload as { by: string }).by).sort(),
        ["eu", "us"],
        "both sides are told",
      );
      const deleted = byId.get(3) as Conflict;
      assert.equal((deleted.winner === "first" ? deleted.first : deleted.second).kind, "delete");
    }
    // the state is the same everywhere, whoever told what
    await cluster.untilEqual("c");

    const view = await driver.open(t, eu.address, "/collections/c/conflicts");
    await view.shows(/the later write stands/);
    await view.shows(/a change of a part does not bring a deleted point back/);
    await view.shows("stands");
    assert.ok((await view.text()).includes('<img src=x onerror="window.hit=1">'), "a payload is shown as text");
    await view.look("conflicts");
    assert.equal(await view.page.evaluate("window.hit"), undefined);
    const alone = await driver.open(t, us.address, "/collections/c/conflicts");
    await alone.shows(/field "n"/);
  });
});
