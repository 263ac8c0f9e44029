import assert from "node:assert/strict";
import { test } from "node:test";
import { MurmurationError } from "@murmuration/index";
import fc from "fast-check";
import { type NatsPeer, resolveAddresses } from "./options.js";
import { clusterToken, provenanceOf, subjectsOf } from "./subjects.js";

const resolve = (servers: readonly string[], peers: readonly NatsPeer[] = []) =>
  resolveAddresses({ cluster: "c", replicaId: 1, region: "eu", own: { servers }, peers });

test("addresses carry credentials and TLS, and peers have those of the own region unless they name others", () => {
  const [own, us, ap] = resolve(
    ["tls://ann:s%40cret@nats.eu:4000"],
    [
      { region: "us", servers: ["nats://nats.us"] },
      { region: "ap", servers: ["t0ken@nats.ap:1"], tls: { caFile: "ap.pem" } },
    ],
  );
  const auth = { kind: "password", user: "ann", password: "s@cret" };
  assert.deepEqual(own, { region: "eu", servers: ["nats.eu:4000"], auth, tls: {} });
  assert.deepEqual(us, { region: "us", servers: ["nats.us:4222"], auth, tls: {} });
  assert.deepEqual(ap, {
    region: "ap",
    servers: ["nats.ap:1"],
    auth: { kind: "token", token: "t0ken" },
    tls: { caFile: "ap.pem" },
  });
});

test("a peer at the own servers is no link of its own", () => {
  const peers = [{ region: "us", servers: ["nats://b:1", "a:2"] }];
  assert.deepEqual(
    resolve(["nats://a:2", "nats://b:1"], peers).map(({ region }) => region),
    ["eu"],
  );
});

test("what cannot be right is refused, with the field and without the password", () => {
  const refused = (run: () => unknown, field: string) =>
    assert.throws(run, (error) => {
      assert.ok(error instanceof MurmurationError && error.code === "validation" && error.field === field);
      assert.ok(!error.message.includes("secret"));
      return true;
    });
  refused(() => resolve([]), "own.servers");
  refused(() => resolve(["http://ann:secret@a:1"]), "own.servers");
  refused(() => resolve(["nats://ann:secret@"]), "own.servers");
  refused(() => resolve(["a"], [{ region: "eu", servers: ["b"] }]), "peers.0.region");
  refused(() => resolve(["a"], [{ region: "us", servers: [] }]), "peers.0.servers");
});

test("different clusters have different tokens, and every token is one of a subject and of a stream's name", () => {
  fc.assert(
    fc.property(
      fc.string({ unit: "binary", maxLength: 255 }),
      fc.string({ unit: "binary", maxLength: 255 }),
      (a, b) => {
        assert.match(clusterToken(a), /^[A-Za-z0-9_=-]{1,128}$/);
        assert.equal(clusterToken(a) === clusterToken(b), a === b);
      },
    ),
  );
  assert.deepEqual(["prod-1", "a.b c", "é"].map(clusterToken), ["prod-1", "a=2Eb=20c", "=C3=A9"]);
});

test("a subject names its sender, and one that is no replica's, or another's, is none", () => {
  const subjects = subjectsOf("a.b");
  for (const way of ["live", "all", "visit"] as const)
    assert.deepEqual(provenanceOf(subjects, subjects.of(way, 16_777_215), 7), { way, sender: 16_777_215 });
  assert.deepEqual(provenanceOf(subjects, subjects.to(7, 9), 7), { way: "to", sender: 9 });
  const strange = [
    "",
    "_INBOX.x.9",
    "murmur.a=2Eb.all.",
    "murmur.a=2Eb.all.0",
    "murmur.a=2Eb.all.09",
    "murmur.a=2Eb.all.9.9",
  ];
  const others = [
    "murmur.a=2Eb.all.16777216",
    "murmur.a=2Eb.to.9",
    "murmur.other.all.9",
    subjects.to(8, 9),
    "murmur.a=2Eb.up.9",
  ];
  for (const subject of [...strange, ...others]) assert.equal(provenanceOf(subjects, subject, 7), undefined, subject);
});
