import assert from "node:assert/strict";
import { join } from "node:path";
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
import { killAllServers, newFolder, removeFolder, runCli, type ServerProcess, startServer } from "../support/server.js";
import { until } from "../support/until.js";

// docs/erasure.md: what is erased is nowhere any more, looked for in every file

describe("an erasure on a real server", { timeout: 600_000 }, () => {
  const folder = newFolder("erasure");
  const [data, backups] = [join(folder, "data"), join(folder, "backups")];
  after(() => {
    killAllServers();
    removeFolder(folder);
  });
  // images are written often, so that they hold what is to go
  const start = (...more: string[]): Promise<ServerProcess> =>
    startServer({ dataFolder: data, options: ["--backup-folder", backups, "--image-interval", "20", ...more] });
  const markers = new Markers();

  test("leaves nothing in data folder, snapshots and backups, also where it is killed in between", async () => {
    let server = await start();
    await createMarked(server);
    await putPlain(server, 0, 60);
    const id = markers.uuid("point id");
    for (const version of ["first version", "second version", "third version"])
      await putMarked(server, markers, version, id);
    await putMarked(server, markers, "deleted before", 1_001);
    await ok(server, "POST", "/collections/c/points/delete?wait=true", { points: [1_001] });
    await putMarked(server, markers, "payload cleared", 1_002);
    await ok(server, "POST", "/collections/c/points/payload?wait=true", {
      points: [1_002],
      payload: { who: "erased" },
    });
    await putPlain(server, 60, 120);
    await ok(server, "POST", "/collections/c/snapshots", {});
    await ok(server, "POST", "/snapshots", {});
    await ok(server, "POST", "/murmur/backups", {});
    const before = markers.foundIn(folder);
    assert.deepEqual(Object.keys(before).sort(), markers.names, "all of them are found before");
    for (const place of ["data/images", "data/snapshots", "backups"])
      assert.notDeepEqual(markers.foundIn(join(folder, place)), {}, `found in ${place} before`);

    const begun = (await ok(server, "POST", "/murmur/erasures", { collection: "c", filter: isErased })) as ToldErasure;
    assert.equal(begun.points, 2);
    assert.deepEqual([begun.over, begun.still_held.length], [false, 1]);
    const wanted = await pointsOf(server);
    assert.equal(wanted.length, 120);
    await server.kill();
    server = await start();
    await until(
      async () => (await erasureOf(server, begun.id)).over,
      () => "the erasure is over",
      OVER_MS,
    );
    const over = await erasureOf(server, begun.id);
    assert.deepEqual(over.still_held, []);
    const [receipt] = over.replicas;
    assert.equal(receipt?.state, "erased");
    const { snapshots, backups: copies } = (receipt?.done ?? {}) as {
      readonly [kind: string]: { readonly removed: { total: number }; readonly made: { total: number } };
    };
    assert.deepEqual([snapshots?.removed.total, snapshots?.made.total], [2, 2]);
    assert.deepEqual([copies?.removed.total, copies?.made.total], [1, 1]);
    const { digests } = (receipt?.done ?? {}) as { readonly digests?: readonly { readonly points: number }[] };
    assert.deepEqual(
      digests?.map(({ points }) => points),
      [120],
    );
    assert.deepEqual(markers.foundIn(folder), {});
    assert.deepEqual(await pointsOf(server), wanted);
    const [backup] = ((await ok(server, "GET", "/murmur/backups")) as { backups: { name: string }[] }).backups;
    const verified = runCli("verify", join(backups, `${backup?.name}.db`), "--replay");
    assert.equal(verified.code, 0, verified.err);

    await server.stop();
    assert.deepEqual(markers.foundIn(folder), {}, "nor when it has stopped");
  });

  test("names the copies that are kept where that is asked for, and what is wrong with a request", async () => {
    const server = await start("--erasure-copies", "keep");
    assert.equal((await pointsOf(server)).length, 120);
    const argv = ["--url", server.address, "--collection", "c", "--ids", "3,4", "--json", "--timeout", "240"];
    const cli = runCli("erase", ...argv);
    assert.equal(cli.code, 0, cli.err);
    const byCommand = JSON.parse(cli.out) as ToldErasure & { readonly ok: boolean };
    assert.deepEqual([byCommand.ok, byCommand.points, byCommand.over], [true, 2, true]);
    const text = runCli("erase", "status", byCommand.id, "--url", server.address);
    assert.match(text.out, /every member has said that it has nothing of it any more/);
    // what is written under the same id is another point
    await putPlain(server, 3, 5);
    assert.equal((await pointsOf(server)).length, 120);
    const told = (await ok(server, "POST", "/murmur/erasures", { collection: "c", points: [5] })) as ToldErasure;
    await until(
      async () => (await erasureOf(server, told.id)).over,
      () => "the erasure is over",
      OVER_MS,
    );
    const { still_held } = await erasureOf(server, told.id);
    assert.match(
      still_held.map(({ what }) => what).join("\n"),
      /2 snapshots that were kept[\s\S]*1 backups that were kept/,
    );
    const refused: readonly (readonly [unknown, number, RegExp])[] = [
      [{ collection: "c" }, 400, /points/],
      [{ collection: "c", points: [1], filter: isErased }, 400, /not both/],
      [{ collection: "none", points: [1] }, 404, /none/],
      [{ points: [1] }, 400, /collection/],
      [{ collection: "c", points: ["x"] }, 400, /points/],
      [{ collection: "c", filter: { must: [{ key: "a", match: {} }] } }, 400, /filter|match/],
    ];
    for (const [body, status, why] of refused) {
      const answer = await server.request("POST", "/murmur/erasures", body);
      assert.equal(answer.status, status, JSON.stringify([body, answer.body]));
      assert.match(JSON.stringify(answer.body), why);
    }
    assert.equal((await server.request("GET", "/murmur/erasures/1-1")).status, 404);
    const listed = (await ok(server, "GET", "/murmur/erasures")) as { readonly erasures: readonly ToldErasure[] };
    assert.deepEqual(
      listed.erasures.map(({ points }) => points),
      [1, 2, 2],
    );
    for (const [argv, why] of [
      [["--collection", "c"], /--filter or --ids/],
      [["--collection", "c", "--ids", "a"], /neither an integer/],
    ] as const) {
      const { code, err } = runCli("erase", "--url", server.address, ...argv);
      assert.ok(code === 1 || code === 2, err);
      assert.match(err, why);
    }
    await server.stop();
  });
});
