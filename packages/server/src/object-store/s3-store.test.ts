import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { MurmurationError } from "@murmuration/index";
import { newAuthority } from "../testing/certificates.js";
import { type S3Server, startS3 } from "../testing/s3-server.js";
import { S3Store } from "./s3-store.js";

const failsWith = (code: string, words: RegExp) => (error: unknown) =>
  error instanceof MurmurationError && error.code === code && words.test(error.message);

describe("a bucket over TLS", () => {
  let root: string;
  let server: S3Server;
  let authority: Awaited<ReturnType<typeof newAuthority>>;
  before(async () => {
    root = mkdtempSync(join(tmpdir(), "murmuration-s3-"));
    authority = await newAuthority("ours");
    server = await startS3(root, await authority.issue("store"));
  });
  after(async () => {
    await server.stop();
    rmSync(root, { recursive: true });
  });

  it("is trusted by the certificates that are given, and by no others", async () => {
    assert.match(server.endpoint, /^https:/);
    const store = new S3Store({ ...server.config(), certificateAuthority: authority.cert });
    await store.put("a/b", Buffer.from("kept"));
    assert.equal(Buffer.from(await store.get("a/b", 4)).toString(), "kept");
    await assert.rejects(store.get("a/b", 3), failsWith("corrupt", /has more than 3 bytes/));
    await assert.rejects(store.get("a/c", 4), failsWith("not-found", /there is no such object/));
    await store.remove("a/b");
    await store.remove("a/b");
    await assert.rejects(store.get("a/b", 4), failsWith("not-found", /there is no such object/));
    const { cert } = await newAuthority("another");
    for (const certificateAuthority of [undefined, cert]) {
      const strange = new S3Store({ ...server.config(), certificateAuthority });
      await assert.rejects(
        strange.put("a", Buffer.of()),
        failsWith("storage", /certificate of https.* is not trusted .*--backup-ca-file/),
      );
    }
  });

  it("lists more than one page, and nothing beside its prefix", async () => {
    const store = new S3Store({ ...server.config("p"), certificateAuthority: authority.cert });
    const beside = new S3Store({ ...server.config("pq"), certificateAuthority: authority.cert });
    await beside.put("a/0", Buffer.from("x"));
    const keys = Array.from({ length: 1_050 }, (_, i) => `a/${String(i).padStart(4, "0")}`);
    for (let at = 0; at < keys.length; at += 50) {
      await Promise.all(keys.slice(at, at + 50).map((key) => store.put(key, Buffer.from("x"))));
    }
    const found: string[] = [];
    for await (const { key, bytes } of store.list("a/")) {
      assert.equal(bytes, 1);
      found.push(key);
    }
    assert.deepEqual(found, keys);
  });
});
