import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { zstdDecompressSync } from "node:zlib";
import { startFaultyProxy } from "@murmuration/server/testing/faulty-proxy";
import { type S3Server, startS3 } from "@murmuration/server/testing/s3";
import {
  createMarked,
  erasureOf,
  isErased,
  OVER_MS,
  putMarked,
  putPlain,
  type ToldErasure,
} from "../support/erased-points.js";
import { Markers } from "../support/markers.js";
import { ok } from "../support/ok.js";
import { killAllServers, newFolder, removeFolder, runCli, type ServerProcess, startServer } from "../support/server.js";
import { until } from "../support/until.js";

interface Backup {
  readonly name: string;
  readonly parts: number;
  readonly sent: { readonly parts: number; readonly bytes: number };
  readonly collections: readonly {
    readonly collection: string;
    readonly points: number;
    readonly points_digest: string;
  }[];
}

describe("a server that backs up to a bucket", { timeout: 600_000 }, () => {
  const root = newFolder("stored-backup");
  let s3: S3Server;
  before(async () => {
    s3 = await startS3(join(root, "s3"));
  });
  after(async () => {
    killAllServers();
    await s3.stop();
    removeFolder(root);
  });

  const flags = (endpoint = s3.endpoint) => [
    "--backup-endpoint",
    endpoint,
    "--backup-credentials-file",
    s3.credentialsFile,
  ];
  const start = (prefix: string, endpoint?: string, ...more: string[]): Promise<ServerProcess> =>
    startServer({
      dataFolder: join(root, prefix),
      options: ["--backup-to", `s3://backups/${prefix}`, ...flags(endpoint), ...more],
    });
  const cli = (command: string, ...argv: string[]) => runCli(command, ...argv, ...flags());
  const backUp = (server: ServerProcess) => ok(server, "POST", "/murmur/backups", {}) as Promise<Backup>;

  test("goes on where a kill -9 broke an upload off, restores it, drills it, and goes to a moment between", async () => {
    const proxy = await startFaultyProxy(s3.endpoint);
    const puts = () => proxy.passed.filter((line) => line.startsWith("PUT") && line.includes("/parts/")).length;
    try {
      let server = await start("killed", proxy.endpoint);
      await createMarked(server);
      await putPlain(server, 0, 400);
      // what was written stands in parts that are sent before it hangs
      proxy.fault = (method) => (method === "PUT" && puts() >= 6 ? "hangs" : "passes");
      const broken = backUp(server).catch(() => undefined);
      await until(
        async () => puts() >= 6,
        () => `${puts()} parts were sent`,
      );
      await server.kill();
      await broken;
      assert.match(cli("backups", "list", "s3://backups/killed").out, /there are no backups/);
      proxy.fault = () => "passes";
      server = await start("killed", proxy.endpoint);
      const first = await backUp(server);
      assert.ok(first.sent.parts < first.parts, `${first.sent.parts} of ${first.parts} parts were sent again`);

      await putPlain(server, 400, 420);
      const between = new Date().toISOString();
      const then = (await ok(server, "GET", "/murmur/collections/c/digest")) as { readonly points_digest: string };
      // later than that moment by any clock of this machine
      await until(
        async () => new Date().toISOString() > between,
        () => "the clock goes on",
      );
      await putPlain(server, 100, 150);
      const second = await backUp(server);
      assert.ok(second.sent.parts > 0 && second.sent.parts < second.parts);
      await server.stop();

      const place = "s3://backups/killed";
      const listed = JSON.parse(cli("backups", "list", place, "--json").out) as {
        readonly backups: { name: string }[];
      };
      assert.deepEqual(
        listed.backups.map(({ name }) => name),
        [second.name, first.name],
      );
      const drilled = cli("drill", place, "--temporary", join(root, "drills"), "--json");
      assert.equal(drilled.code, 0, drilled.err);
      const report = JSON.parse(drilled.out) as {
        readonly equal: boolean;
        readonly collections: Backup["collections"];
      };
      assert.deepEqual([report.equal, report.collections], [true, second.collections]);
      assert.deepEqual(readdirSync(join(root, "drills")), []);
      assert.equal(cli("verify", `${place}/${first.name}`, "--replay").code, 0);

      const restored = cli("restore", place, "--at", between, "--data", join(root, "between"), "--json");
      assert.equal(restored.code, 0, restored.err);
      const moment = JSON.parse(restored.out) as { readonly backup: string; readonly replayed: number };
      assert.equal(moment.backup, first.name);
      assert.ok(moment.replayed > 0);
      const again = await startServer({ dataFolder: join(root, "between") });
      const now = (await ok(again, "GET", "/murmur/collections/c/digest")) as { readonly points_digest: string };
      assert.equal(now.points_digest, then.points_digest);
      await again.stop();

      for (const [argv, code, words] of [
        [
          ["restore", place, "--at", "2001-01-01T00:00:00Z", "--data", join(root, "no")],
          2,
          /is not held: backups go from 20/,
        ],
        [["restore", "s3://elsewhere/x", "--data", join(root, "no")], 1, /there is no bucket elsewhere/],
      ] as const) {
        const refused = cli(argv[0], ...argv.slice(1));
        assert.equal(refused.code, code, refused.err);
        assert.match(refused.err, words);
      }
    } finally {
      await proxy.stop();
    }
  });

  test("leaves nothing of what is erased in the bucket", async () => {
    const server = await start("erased");
    const markers = new Markers();
    await createMarked(server);
    await putPlain(server, 0, 60);
    await putMarked(server, markers, "in a backup", 1_001);
    await backUp(server);
    const objects = join(s3.objects, "backups", "erased");
    const isFound = () => {
      const files = readdirSync(objects, { recursive: true, withFileTypes: true }).filter((one) => one.isFile());
      return files.some(({ parentPath, name }) => {
        const bytes = readFileSync(join(parentPath, name));
        const plain = bytes[0] === 1 && name.includes("object") ? zstdDecompressSync(bytes.subarray(1)) : bytes;
        return markers.isIn(plain);
      });
    };
    assert.ok(isFound(), "found before");
    const begun = (await ok(server, "POST", "/murmur/erasures", { collection: "c", filter: isErased })) as ToldErasure;
    await until(
      async () => (await erasureOf(server, begun.id)).over,
      () => "the erasure is over",
      OVER_MS,
    );
    assert.deepEqual((await erasureOf(server, begun.id)).still_held, []);
    assert.ok(!isFound(), "found after");
    assert.equal(cli("verify", "s3://backups/erased").code, 0);
    await server.stop();
  });
});
