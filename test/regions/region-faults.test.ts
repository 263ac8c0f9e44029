import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { cpSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { pathToFileURL } from "node:url";
import { connect } from "nats";
import { testSeed } from "../support/random.js";
import { AcknowledgedWrites } from "../support/regions/acknowledged-writes.js";
import { RegionCluster } from "../support/regions/region-cluster.js";
import { killAllServers, runCli, type ServerProcess, startServer } from "../support/server.js";
import { root } from "../support/source-tree.js";
import { standStill } from "../support/stand-still.js";
import { until } from "../support/until.js";

const CREDENTIALS = { user: "murmur", password: "right" };
/** How long a fault lasts at least while clients write: several heartbeats, and longer than a replica waits before it is suspect. */
const FAULT_MS = 2_500;
/** Writes that show that a region goes on. */
const SOME = 8;
const WRITES_MS_MAX = 60_000;
const HOUR_MS = 3_600_000;
const COLLECTION = "faults";

interface Replication {
  readonly refused: { readonly [reason: string]: number };
  readonly transport: { readonly malformed_frames: number };
}

async function replicationOf(server: ServerProcess): Promise<Replication> {
  return (await server.request("GET", "/murmur/replication")).body.result as Replication;
}

async function refusesWrites(server: ServerProcess): Promise<string | null> {
  const { result } = (await server.request("GET", "/murmur/cluster")).body;
  return (result as { readonly refuses_writes: string | null }).refuses_writes;
}

after(killAllServers);

describe("three regions in which clients write all the time", () => {
  const seed = testSeed();
  let cluster: RegionCluster;
  let writes: AcknowledgedWrites;
  const credentials = ["--nats-user", CREDENTIALS.user, "--nats-password", CREDENTIALS.password];
  const region = (name: string) => cluster.region(name);

  before(async () => {
    cluster = await RegionCluster.start({
      names: ["eu", "us", "ap"],
      roundTripMs: () => 30,
      purpose: "faults",
      brokerConfig: `authorization ${JSON.stringify(CREDENTIALS)}`,
      options: credentials,
    });
    writes = new AcknowledgedWrites(cluster, COLLECTION, seed);
    await writes.prepare();
  });
  after(() => cluster.stop());

  /** A fault while clients write; then every region has all that was acknowledged, and all answer alike. */
  function fault(name: string, act: () => Promise<void>): void {
    test(`${name}: nothing acknowledged is lost, and all end alike`, async (context) => {
      context.diagnostic(`MURMUR_TEST_SEED=${seed}`);
      writes.start();
      try {
        await act();
      } finally {
        await writes.stop();
        cluster.heal();
      }
      await cluster.untilMembers();
      await writes.check();
    });
  }

  async function untilWrites(name: string, more: number): Promise<void> {
    const wanted = writes.acknowledgedBy(name) + more;
    await until(() => writes.acknowledgedBy(name) >= wanted, `${more} more writes in ${name}`, WRITES_MS_MAX);
  }

  /** A fault's time: long enough, and these were acknowledged in it. */
  const lasts = (...wanted: readonly Promise<void>[]) => Promise.all([pause(FAULT_MS), ...wanted]);

  fault("a database is killed", async () => {
    await untilWrites("us", SOME);
    await writes.nextWrite("us");
    await region("us").server.kill();
    await untilWrites("eu", SOME);
    await region("us").start();
    await untilWrites("us", 5);
  });

  fault("a broker is killed", async () => {
    await untilWrites("eu", SOME);
    await writes.nextWrite("eu");
    await region("eu").broker.kill();
    // its own region goes on without it
    await lasts(untilWrites("eu", SOME));
    await region("eu").broker.restart();
    await untilWrites("eu", 5);
  });

  fault("a broker loses all that it stored", async () => {
    await untilWrites("ap", SOME);
    await writes.nextWrite("ap");
    await region("ap").broker.kill();
    region("ap").broker.wipe();
    await untilWrites("ap", SOME);
    await region("ap").broker.restart();
    await untilWrites("ap", 5);
  });

  fault("a database stands still", async () => {
    await untilWrites("eu", 5);
    await writes.nextWrite("eu");
    await standStill(region("eu").server.pid);
    await lasts(untilWrites("us", SOME));
    process.kill(region("eu").server.pid, "SIGCONT");
    await untilWrites("eu", 5);
  });

  fault("a broker stands still", async () => {
    await region("us").broker.pause();
    await lasts(untilWrites("us", SOME));
    region("us").broker.resume();
  });

  fault("a region is cut off", async () => {
    cluster.cut("ap");
    await lasts(untilWrites("ap", SOME), untilWrites("eu", SOME));
  });

  fault("a region hears nobody, and is heard", async () => {
    for (const other of ["us", "ap"]) cluster.link("eu", other).stall("fromTarget");
    await lasts(untilWrites("eu", SOME));
  });

  fault("nothing arrives from a region, and it hears all", async () => {
    for (const other of ["us", "ap"]) cluster.link(other, "eu").stall();
    await lasts(untilWrites("eu", SOME));
  });

  fault("a region's links stall", async () => {
    cluster.stall("us");
    await lasts(untilWrites("us", SOME));
  });

  fault("a third of the packets of a region is lost", async () => {
    cluster.degrade("us", { lossRate: 0.3 });
    await lasts(untilWrites("us", SOME));
  });

  fault("a region's clock is wrong by an hour", async () => {
    await region("ap").server.kill();
    const preload = pathToFileURL(join(root, "test/support/skewed-clock.mjs")).href;
    const environment = { NODE_OPTIONS: `--import=${preload}`, MURMURATION_TEST_SKEW_MS: String(HOUR_MS) };
    await region("ap").start({ environment });
    const isWrong = async () => /clock is more than/.test((await refusesWrites(region("ap").server)) ?? "");
    await until(isWrong, "it notices and refuses writes");
    assert.equal((await region("ap").server.request("GET", "/readyz")).status, 503);
    await untilWrites("eu", SOME);
    await region("ap").server.kill();
    await region("ap").start();
    await untilWrites("ap", 5);
  });

  fault("a region's disk is full", async () => {
    await region("us").server.stop();
    await region("us").start({ fileBytesMax: 64 * 1024 });
    const { server } = region("us");
    await until(async () => (await server.request("GET", "/readyz")).status === 503, "it says that it cannot write");
    await untilWrites("eu", SOME);
    execFileSync("prlimit", ["--pid", String(server.pid), "--fsize=unlimited"]);
    await until(async () => (await server.request("GET", "/readyz")).status === 200, "it takes writes again");
    await untilWrites("us", 5);
  });

  fault("messages that nobody can read arrive", async () => {
    const { broker } = region("eu");
    const connection = await connect({ servers: broker.url, user: CREDENTIALS.user, pass: CREDENTIALS.password });
    const subscription = connection.subscribe("murmur.*.all.*");
    // what one replica says, with the version of its frame replaced, and with a byte of its last message
    for await (const { subject, data } of subscription) {
      const newer = Uint8Array.from(data);
      newer[0] = 99;
      connection.publish(subject, newer);
      const damaged = Uint8Array.from(data);
      damaged[damaged.length - 1] = (damaged.at(-1) as number) ^ 0xff;
      connection.publish(subject, damaged);
      break;
    }
    await connection.drain();
    const isCounted = async () => {
      const all = await Promise.all(cluster.regions.map((one) => replicationOf(one.server)));
      const damagedCount = all.reduce((sum, { refused }) => sum + (refused["malformed"] ?? 0), 0);
      return damagedCount > 0 && all.some(({ transport }) => transport.malformed_frames > 0);
    };
    await until(isCounted, "what was refused is counted where it came");
    await untilWrites("eu", SOME);
  });

  fault("a database is stopped, has sent what it acknowledged, and comes back with wrong credentials", async () => {
    const [eu, us] = [region("eu").server, region("us").server];
    assert.equal((await eu.request("PUT", "/collections/last", { vectors: { size: 2, distance: "Dot" } })).status, 200);
    await cluster.untilEqual("last");
    const ids = Array.from({ length: 30 }, (_, id) => id);
    // one after the other: those that come soon after others are packed together, and wait for that
    for (const id of ids) {
      const points = [{ id, vector: [id, 1] }];
      assert.equal((await us.request("PUT", "/collections/last/points?wait=true", { points })).status, 200);
    }
    await us.stop();
    const countIn = async (server: ServerProcess) =>
      (await server.request("POST", "/collections/last/points/count", {})).body.result as { readonly count: number };
    await until(async () => (await countIn(eu)).count === ids.length, "all of them are elsewhere while it is down");
    assert.equal((await eu.request("DELETE", "/collections/last")).status, 200);

    await region("us").start({ options: ["--nats-password", "wrong"] });
    const { server } = region("us");
    await until(() => /authorization|credentials/i.test(server.log()), "its log says what is wrong");
    assert.equal((await server.request("GET", `/collections/${COLLECTION}`)).status, 200, "it serves what it has");
    await lasts(untilWrites("eu", SOME));
    await server.stop();
    await region("us").start();
    await untilWrites("us", 5);
  });

  test("a process of another cluster's name hears nobody, takes no writes and disturbs nobody", async () => {
    const { broker } = region("eu");
    const stranger = await startServer({
      dataFolder: join(region("eu").dataFolder, "..", "stranger"),
      options: ["--region", "eu", "--nats", broker.url, "--peer", "us", "--cluster", "other", ...credentials],
      waitFor: "listening",
    });
    try {
      await until(
        async () => /of which it hears 0/.test((await refusesWrites(stranger)) ?? ""),
        "it says that it is alone",
      );
      assert.equal((await stranger.request("GET", "/readyz")).status, 503);
      await cluster.untilMembers();
    } finally {
      await stranger.kill();
    }
  });

  test("of two processes with one identity, at least one notices and takes no writes; alone it goes on", async () => {
    const ap = region("ap");
    await ap.server.stop();
    const copy = join(ap.dataFolder, "..", "copy");
    cpSync(ap.dataFolder, copy, { recursive: true });
    await ap.start();
    const twin = await startServer({
      dataFolder: copy,
      options: ["--region", "ap", "--nats", ap.broker.url, "--peer", `eu=${region("eu").broker.url}`, ...credentials],
      waitFor: "listening",
    });
    try {
      const noticed = async () => {
        const both = await Promise.all([ap.server, twin].map(refusesWrites));
        return both.some((why) => why !== null && /another process runs under this replica's id/.test(why));
      };
      await until(noticed, "one of the two notices");
    } finally {
      await twin.kill();
    }
    await ap.server.kill();
    await ap.start();
    await cluster.untilMembers();
    await writes.check();
  });

  test("an evicted region is refused, and comes back as a new replica on an empty folder, by an invitation", async () => {
    const us = region("us");
    const { result } = (await us.server.request("GET", "/murmur/cluster")).body;
    const { replica_id: id } = result as { readonly replica_id: number };
    await us.server.kill();
    const evicted = await region("eu").server.request("POST", `/murmur/cluster/members/${id}/evict`);
    assert.equal(evicted.status, 200, JSON.stringify(evicted.body));
    await us.start();
    await until(async () => /evicted/.test((await refusesWrites(us.server)) ?? ""), "it learns that it was evicted");
    await us.server.kill();
    execFileSync("rm", ["-r", us.dataFolder]);
    // an empty folder alone is nobody's
    await us.start();
    const isTurnedAway = async () =>
      ((await replicationOf(region("eu").server)).refused["not invited"] ?? 0) > 0 &&
      /lets it in by an invitation/.test((await refusesWrites(us.server)) ?? "");
    await until(isTurnedAway, "it is not let in without an invitation");
    await us.server.kill();
    const invited = runCli("invite", "--url", region("eu").server.address);
    assert.equal(invited.code, 0, invited.err);
    const file = join(us.dataFolder, "..", "invitation");
    writeFileSync(file, invited.out);
    await us.start({ options: ["--invitation-file", file] });
    await cluster.untilMembers();
    await writes.check();
    // its folder is a member's now, and it is started as it was before
    await us.server.kill();
    rmSync(file);
    await us.start();
    await cluster.untilMembers();
  });
});
