import assert from "node:assert/strict";
import { after, describe, test } from "node:test";
import {
  createMarked,
  erasureOf,
  isErased,
  OVER_MS,
  pointsOf,
  putMarked,
  putPlain,
  type ToldErasure,
} from "../support/erased-points.js";
import { Markers } from "../support/markers.js";
import { ok } from "../support/ok.js";
import { RegionCluster } from "../support/regions/region-cluster.js";
import { killAllServers } from "../support/server.js";
import { until } from "../support/until.js";

describe("an erasure in three regions", { timeout: 600_000 }, () => {
  let cluster: RegionCluster;
  after(async () => {
    await cluster?.stop();
    killAllServers();
  });

  test("waits for a region that is cut off, goes on where one is killed, and leaves nothing in any of them nor in their brokers", async () => {
    cluster = await RegionCluster.start({
      names: ["eu", "us", "ap"],
      purpose: "erasure",
      options: ["--image-interval", "30"],
    });
    const [eu, us, ap] = ["eu", "us", "ap"].map((name) => cluster.region(name)) as [
      ReturnType<RegionCluster["region"]>,
      ReturnType<RegionCluster["region"]>,
      ReturnType<RegionCluster["region"]>,
    ];
    const folders = cluster.regions.flatMap(({ dataFolder, broker }) => [dataFolder, broker.store]);
    const markers = new Markers();
    await createMarked(eu.server);
    await putPlain(eu.server, 0, 40);
    const id = markers.uuid("point id");
    await putMarked(eu.server, markers, "by eu", id);
    await cluster.untilEqual("c");
    await putMarked(us.server, markers, "by us over it", id);
    await putMarked(ap.server, markers, "by ap", 1_001);
    await cluster.untilEqual("c");
    const before = markers.foundIn(...folders);
    assert.deepEqual(Object.keys(before).sort(), markers.names, "all of them are found before");
    assert.notDeepEqual(
      markers.foundIn(...cluster.regions.map(({ broker }) => broker.store)),
      {},
      "and in the brokers",
    );

    cluster.cut("ap");
    const begun = (await ok(eu.server, "POST", "/murmur/erasures", {
      collection: "c",
      filter: isErased,
    })) as ToldErasure;
    assert.equal(begun.points, 2);
    await putPlain(us.server, 40, 60);
    await until(
      async () => (await erasureOf(eu.server, begun.id)).still_held.length === 3,
      () => "all three are told to hold it",
      OVER_MS,
    );
    const { replica_id: apId } = (await ok(ap.server, "GET", "/murmur/cluster")) as { readonly replica_id: number };
    await until(
      async () => {
        const { here } = await erasureOf(eu.server, begun.id);
        return here.stage === "delivery" && here.waits_for.length === 1 && here.waits_for[0] === apId;
      },
      () => "the region that is cut off is named",
      OVER_MS,
    );
    await us.server.kill();
    await us.start({ waitFor: "listening" });
    cluster.heal();
    const all = [eu, us, ap];
    await until(
      async () => {
        const told = await Promise.all(all.map(({ server }) => server.request("GET", `/murmur/erasures/${begun.id}`)));
        return told.every(({ body }) => (body.result as ToldErasure | undefined)?.over === true);
      },
      () => "it is over everywhere",
      OVER_MS,
    );
    for (const { server } of all) {
      const { replicas, still_held } = await erasureOf(server, begun.id);
      assert.deepEqual(still_held, []);
      assert.equal(replicas.length, 3);
      for (const { state, done } of replicas) {
        assert.equal(state, "erased");
        const { stream } = (done ?? {}) as { readonly stream?: { readonly purged?: boolean } };
        assert.equal(stream?.purged, true);
      }
    }
    await cluster.untilEqual("c");
    const points = await Promise.all(all.map(({ server }) => pointsOf(server)));
    assert.equal(points[0]?.length, 60);
    for (const one of points) assert.deepEqual(one, points[0]);
    assert.deepEqual(markers.foundIn(...folders), {});
    for (const { server } of all) await server.stop();
    assert.deepEqual(markers.foundIn(...folders), {}, "nor when they have stopped");
  });
});
