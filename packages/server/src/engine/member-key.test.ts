import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { MurmurationError } from "@murmuration/index";
import fc from "fast-check";
import { openMemberKey } from "./member-key.js";

describe("the key of a member", () => {
  const folder = mkdtempSync(join(tmpdir(), "member-key-"));
  const file = join(folder, "member-key.pem");
  after(() => rmSync(folder, { recursive: true }));

  it("is made once, and is readable by nobody else", () => {
    const [key] = openMemberKey(file).publicKeys();
    assert.equal(statSync(file).mode & 0o777, 0o600);
    assert.deepEqual(openMemberKey(file).publicKeys(), [key]);
    assert.match(readFileSync(file, "utf8"), /^-----BEGIN PRIVATE KEY-----/);
    assert.deepEqual(readdirSync(folder), ["member-key.pem"]);
  });

  it("signs what its public key verifies, and nothing else", () => {
    const signing = openMemberKey(file);
    const [key = ""] = signing.publicKeys();
    const other = openMemberKey(join(folder, "other.pem"));
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), fc.nat(), (bytes, at) => {
        const signature = signing.sign(bytes);
        assert.ok(other.verify(key, bytes, signature));
        assert.ok(!other.verify(other.publicKeys()[0] ?? "", bytes, signature));
        assert.ok(!other.verify(key, Uint8Array.of(...bytes, 0), signature));
        const damaged = Uint8Array.from(signature);
        damaged[at % damaged.length] = (damaged[at % damaged.length] ?? 0) ^ 1;
        assert.ok(!other.verify(key, bytes, damaged));
        assert.ok(!other.verify(key, bytes, signature.subarray(1)));
      }),
      { numRuns: 20 },
    );
  });

  it("takes no text for a key that is none, and never throws", () => {
    const signing = openMemberKey(file);
    const texts = fc.oneof(
      fc.string(),
      fc.uint8Array({ minLength: 32, maxLength: 32 }).map((key) => Buffer.from(key).toString("base64url")),
    );
    fc.assert(
      fc.property(texts, fc.uint8Array({ maxLength: 70 }), (key, bytes) => {
        assert.equal(signing.verify(key, bytes, bytes), false);
      }),
    );
  });

  it("gives way to another one, which survives a start in between, and makes other secrets", () => {
    const before = openMemberKey(file);
    const [old] = before.publicKeys();
    const label = Uint8Array.of(1);
    const secret = before.secretOf(label);
    assert.deepEqual(openMemberKey(file).secretOf(label), secret);
    before.renew();
    before.renew();
    const [next, still] = before.publicKeys();
    assert.equal(still, old);
    const started = openMemberKey(file);
    assert.deepEqual(started.publicKeys(), [next, old]);
    assert.ok(started.verify(old ?? "", label, started.sign(label)));
    started.adopt();
    assert.deepEqual(started.publicKeys(), [next]);
    assert.deepEqual(openMemberKey(file).publicKeys(), [next]);
    assert.ok(started.verify(next ?? "", label, started.sign(label)));
    assert.notDeepEqual(started.secretOf(label), secret);
  });

  it("that is damaged is named, and left as it is", () => {
    const damaged = join(folder, "damaged.pem");
    writeFileSync(damaged, "no key");
    assert.throws(
      () => openMemberKey(damaged),
      (error) => error instanceof MurmurationError && error.code === "corrupt" && /damaged\.pem/.test(error.message),
    );
    assert.equal(readFileSync(damaged, "utf8"), "no key");
  });
});
