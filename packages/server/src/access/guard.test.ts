import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { describe, it } from "node:test";
import fc from "fast-check";
import { Refusal } from "../http/refusal.js";
import { bearing, signedToken, testKeys } from "../testing/tokens.js";
import type { Caller } from "./caller.js";
import { Guard, type Here } from "./guard.js";
import { fingerprint } from "./secrets.js";

const NOW_SECONDS = 1_800_000_000;
const now = () => NOW_SECONDS * 1000;
const here: Here = { holds: () => Promise.resolve(true), replicaId: () => 7 };
const [mainKey, alternateKey] = testKeys.readWrite as [string, string];
const [readOnlyKey] = testKeys.readOnly as [string];
const guard = new Guard(testKeys, now);

async function whatFor(headers: Record<string, string>, of = guard): Promise<Caller | string> {
  try {
    return await of.admit(headers, "any", undefined, here);
  } catch (error) {
    assert.ok(error instanceof Refusal);
    return `${error.statusCode} ${error.form} ${error.message}`;
  }
}

const invalid = "401 text Invalid API key or JWT";
const base64url = (json: object) => Buffer.from(JSON.stringify(json)).toString("base64url");
const signed = (header: object, claims: object, key: string, hash = "sha256") => {
  const text = `${base64url(header)}.${base64url(claims)}`;
  return `${text}.${createHmac(hash, key).update(text).digest("base64url")}`;
};

describe("the guard", () => {
  it("lets everybody do everything where there are no keys", async () => {
    const caller = (await whatFor({}, new Guard(undefined))) as Caller;
    assert.deepEqual([caller.access, caller.by], [{ kind: "global", mode: "m" }, "nobody"]);
  });

  it("takes a key in either header, and api-key before the other", async () => {
    const by = (key: string) => {
      return { access: { kind: "global", mode: "m" }, by: "key", subject: undefined, name: fingerprint(key) };
    };
    assert.deepEqual(await whatFor({ "api-key": mainKey }), by(mainKey));
    assert.deepEqual(await whatFor({ "api-key": alternateKey }), by(alternateKey));
    assert.deepEqual(await whatFor(bearing(mainKey)), by(mainKey));
    assert.deepEqual(await whatFor({ authorization: `bearer ${alternateKey}` }), by(alternateKey));
    assert.deepEqual(await whatFor({ "api-key": mainKey, ...bearing("wrong") }), by(mainKey));
    assert.equal(await whatFor({ "api-key": "wrong", ...bearing(mainKey) }), invalid);
    const reads = await whatFor({ "api-key": readOnlyKey });
    const name = fingerprint(readOnlyKey);
    assert.deepEqual(reads, { access: { kind: "global", mode: "r" }, by: "read-only key", subject: undefined, name });
    assert.notEqual(fingerprint(mainKey), fingerprint(alternateKey));
  });

  it("calls a key what its file calls it, and knows whom it refuses", async () => {
    const named = new Guard({ ...testKeys, names: new Map([[readOnlyKey, "dashboards"]]) });
    assert.deepEqual(named.keyNames, [fingerprint(mainKey), fingerprint(alternateKey), "dashboards"]);
    const refused: (string | undefined)[] = [];
    const known = ({ name, subject }: Caller) => refused.push(name ?? subject);
    const here = { holds: async () => true, replicaId: () => 1 };
    assert.throws(() => named.admit({ "api-key": readOnlyKey }, "manage", undefined, here, known));
    const token = await signedToken({ sub: "ann", access: "r" });
    await assert.rejects(async () => named.admit(bearing(token), "manage", undefined, here, known));
    assert.throws(() => named.admit({}, "manage", undefined, here, known));
    assert.deepEqual(refused, ["dashboards", "ann"]);
  });

  it("says in the dialect's words what it was not given", async () => {
    const missing = "401 text Must provide an API key or an Authorization bearer token";
    assert.equal(await whatFor({}), missing);
    assert.equal(await whatFor({ authorization: "Basic abc" }), missing);
    assert.equal(await whatFor({ authorization: mainKey }), missing);
    for (const key of ["", " ", mainKey.slice(1), `${mainKey}x`, mainKey.toUpperCase(), `${mainKey}, ${mainKey}`]) {
      assert.equal(await whatFor({ "api-key": key }), invalid, key);
    }
  });

  it("reads the claims of tokens signed with any of its keys", async () => {
    const both = [
      { collection: "a", access: "r" },
      { collection: "b", access: "prw" },
    ];
    const { access, by, subject } = (await whatFor(
      bearing(await signedToken({ access: both, sub: "someone" }, alternateKey)),
    )) as Caller;
    assert.deepEqual(access, {
      kind: "collections",
      modes: new Map([
        ["a", "r"],
        ["b", "prw"],
      ]),
    });
    assert.deepEqual([by, subject], ["token", "someone"]);
    const global = (await whatFor({ "api-key": await signedToken({}) })) as Caller;
    assert.deepEqual(global.access, { kind: "global", mode: "m" });
    const named = (await whatFor(bearing(await signedToken({ access: "r", sub: "a", subject: "b" })))) as Caller;
    assert.deepEqual([named.access, named.subject], [{ kind: "global", mode: "r" }, "b"]);
  });

  it("ends a token 30 seconds after its time, also one that it has seen before", async () => {
    let nowSeconds = NOW_SECONDS;
    const of = new Guard(testKeys, () => nowSeconds * 1000);
    const token = bearing(await signedToken({ access: "r", exp: NOW_SECONDS }));
    for (const later of [-100, 0, 29]) {
      nowSeconds = NOW_SECONDS + later;
      assert.notEqual(await whatFor(token, of), invalid, String(later));
    }
    for (const later of [30, 31, 1e9]) {
      nowSeconds = NOW_SECONDS + later;
      assert.equal(await whatFor(token, of), invalid, String(later));
      assert.equal(await whatFor(token, new Guard(testKeys, () => nowSeconds * 1000)), invalid, String(later));
    }
  });

  it("refuses tokens that are forged, in whatever way", async () => {
    const claims = { access: "m" };
    const good = await signedToken(claims);
    const [head, body, signature] = good.split(".") as [string, string, string];
    const forged = {
      "another key": await signedToken(claims, "x".repeat(40)),
      "the read-only key": await signedToken(claims, readOnlyKey),
      "no algorithm": `${base64url({ alg: "none" })}.${body}.`,
      "no algorithm, with a signature": `${base64url({ alg: "none" })}.${body}.${signature}`,
      "no algorithm, spelt otherwise": `${base64url({ alg: "nOnE" })}.${body}.`,
      HS512: await signedToken(claims, `${mainKey}${"x".repeat(64 - mainKey.length)}`, "HS512"),
      "HS512 with the key": signed({ alg: "HS512" }, claims, mainKey, "sha512"),
      "RS256 with the key as HMAC": signed({ alg: "RS256" }, claims, mainKey),
      "ES256 with the key as HMAC": signed({ alg: "ES256" }, claims, mainKey),
      "no alg at all": signed({}, claims, mainKey),
      "its own key": signed({ alg: "HS256", jwk: { kty: "oct", k: "eA" } }, claims, "x"),
      "an extension that must be understood": signed({ alg: "HS256", crit: ["x"], x: 1 }, claims, mainKey),
      "other claims": `${head}.${base64url({ access: "r" })}.${signature}`,
      "no signature": `${head}.${body}.`,
      "two parts": `${head}.${body}`,
      "a cut signature": good.slice(0, -4),
      "claims that are a list": signed({ alg: "HS256" }, ["m"], mainKey),
    };
    for (const [how, token] of Object.entries(forged)) assert.equal(await whatFor(bearing(token)), invalid, how);
    assert.notEqual(await whatFor(bearing(signed({ alg: "HS256" }, claims, mainKey))), invalid, "this one is right");
  });

  it("refuses a token whose claims it does not know, rather than pass over what narrows them", async () => {
    const one = { collection: "a", access: "r" };
    const unknown: object[] = [
      { access: "rw" },
      { access: "" },
      { access: null },
      { access: { collection: "a", access: "r" } },
      { access: [{ collection: "a" }] },
      { access: [{ collection: "a", access: "m" }] },
      { access: [{ ...one, payload: { city: "Berlin" } }] },
      { access: [one, one] },
      { access: [one, { ...one, access: "rw" }] },
      { access: [{ ...one, collection: "" }] },
      { access: "r", value_exists: {} },
      { access: "r", value_exists: { collection: "a", matches: [] } },
      { access: "r", value_exists: { collection: "a", matches: [{ key: "k", value: null }] } },
      { access: "r", value_exists: { collection: "a", matches: [{ key: "k", value: 1.5 }] } },
      { access: "r", value_exists: { collection: "a", matches: [{ key: "k", value: 1 }], unless: 1 } },
      { access: "r", exp: "tomorrow" },
      { access: "r", nbf: NOW_SECONDS + 31 },
      { access: "r", sub: 5 },
    ];
    for (const claims of unknown) {
      assert.equal(await whatFor(bearing(signed({ alg: "HS256" }, claims, mainKey))), invalid, JSON.stringify(claims));
    }
  });

  it("takes no tokens where it is not told to", async () => {
    const token = bearing(await signedToken({ access: "r" }));
    assert.notEqual(await whatFor(token), invalid);
    assert.equal(await whatFor(token, new Guard({ ...testKeys, tokens: false })), invalid);
    assert.equal(await whatFor(token, new Guard({ ...testKeys, readWrite: [] })), invalid);
  });

  it("forgets what the keys of before let in", async () => {
    const of = new Guard(testKeys, now);
    const token = bearing(await signedToken({ access: "r" }));
    assert.notEqual(await whatFor(token, of), invalid);
    of.replace({ ...testKeys, readWrite: [alternateKey] });
    assert.equal(await whatFor(token, of), invalid);
    assert.equal(await whatFor({ "api-key": mainKey }, of), invalid);
    assert.notEqual(await whatFor({ "api-key": alternateKey }, of), invalid);
  });

  it("asks at every use whether the value of a token is still there", async () => {
    const matches = [{ key: "id", value: "x" }];
    const token = await signedToken({ access: "r", value_exists: { collection: "users", matches } });
    let isThere = true;
    const asked: unknown[] = [];
    const admit = () =>
      guard.admit(bearing(token), "any", undefined, {
        ...here,
        holds: async (claim) => {
          asked.push(claim);
          return isThere;
        },
      });
    await admit();
    isThere = false;
    await assert.rejects(async () => admit(), /^Error: Invalid JWT, stateful validation failed$/);
    assert.deepEqual(asked, Array(2).fill({ collection: "users", matches }));
  });

  it("lets one replica ask another for what its caller may do, for a minute, and no third one", async () => {
    let nowSeconds = NOW_SECONDS;
    const clock = () => nowSeconds * 1000;
    const [near, far] = [new Guard(testKeys, clock), new Guard(testKeys, clock)];
    const of = (await whatFor(
      bearing(await signedToken({ access: [{ collection: "a", access: "r" }], sub: "someone" })),
      near,
    )) as Caller;
    const credential = bearing((await near.credentialFor(of, 7)) as string);
    assert.deepEqual(await whatFor(credential, far), { ...of, by: "replica" });
    const reading = new Guard({ ...testKeys, tokens: false }, clock);
    assert.deepEqual(
      await whatFor(credential, reading),
      { ...of, by: "replica" },
      "whether or not clients have tokens",
    );
    const third = { ...here, replicaId: () => 8 };
    await assert.rejects(async () => far.admit(credential, "any", undefined, third), /^Error: Invalid API key or JWT$/);
    nowSeconds += 89;
    assert.notEqual(await whatFor(credential, far), invalid);
    nowSeconds += 1;
    assert.equal(await whatFor(credential, far), invalid);
  });

  it("takes no token of a client for one of a replica, nor one of a replica that has other keys", async () => {
    const exp = NOW_SECONDS + 60;
    const claims = { access: "m", aud: "7", exp };
    const typ = "murmuration-peer+jwt";
    assert.equal(await whatFor(bearing(signed({ alg: "HS256", typ }, claims, mainKey))), invalid);
    const others = new Guard({ ...testKeys, readWrite: ["another-key"] }, now);
    const everything = (await whatFor({ "api-key": mainKey })) as Caller;
    assert.equal(await whatFor(bearing((await others.credentialFor(everything, 7)) as string)), invalid);
    const rotating = new Guard({ ...testKeys, readWrite: ["new-key", mainKey] }, now);
    assert.notEqual(await whatFor(bearing((await guard.credentialFor(everything, 7)) as string), rotating), invalid);
    const made = (await guard.credentialFor(everything, 7)) as string;
    const [, body, signature] = made.split(".");
    assert.equal(await whatFor(bearing(`${base64url({ alg: "HS256" })}.${body}.${signature}`)), invalid);
    assert.equal(await new Guard(undefined).credentialFor(everything, 7), undefined);
    assert.equal(await new Guard({ ...testKeys, readWrite: [] }).credentialFor(everything, 7), undefined);
  });

  it("says at once of a key, and of a token that it has seen and that depends on nothing else", async () => {
    let nowSeconds = NOW_SECONDS;
    const of = new Guard(testKeys, () => nowSeconds * 1000);
    const atOnce = (headers: Record<string, string>, collection = "a") =>
      of.admitsNow(headers, "collection-read", collection);
    const token = bearing(await signedToken({ access: [{ collection: "a", access: "r" }], exp: NOW_SECONDS }));
    const matches = [{ key: "k", value: 1 }];
    const conditional = bearing(await signedToken({ value_exists: { collection: "a", matches } }));
    assert.deepEqual([atOnce({}), atOnce({ "api-key": "wrong" }), atOnce(token)], [false, false, false]);
    assert.deepEqual([atOnce({ "api-key": readOnlyKey }), atOnce(bearing(mainKey))], [true, true]);
    await whatFor(token, of);
    await whatFor(conditional, of);
    assert.deepEqual([atOnce(token), atOnce(token, "b"), atOnce(conditional)], [true, false, false]);
    assert.equal(of.admitsNow(token, "points-write", "a"), false);
    nowSeconds += 30;
    assert.equal(atOnce(token), false, "it is over");
    nowSeconds -= 30;
    of.replace({ ...testKeys, readWrite: [alternateKey] });
    assert.deepEqual([atOnce(token), atOnce({ "api-key": mainKey })], [false, false]);
    assert.equal(new Guard(undefined).admitsNow({}, "manage", undefined), true);
  });

  it("lets nobody in by chance, and gives no token more than it says, whatever it holds", async () => {
    const names = fc.constantFrom("a", "b", "__proto__", "constructor", "");
    const right = fc.record({
      collection: fc.constantFrom("a", "__proto__"),
      access: fc.constantFrom("r", "rw", "prw"),
    });
    const odd = fc.record(
      { collection: names, access: fc.jsonValue({ maxDepth: 1 }), payload: fc.jsonValue({ maxDepth: 1 }) },
      { requiredKeys: [] },
    );
    const mostly = <T>(usual: fc.Arbitrary<T>) =>
      fc.oneof(
        { weight: 5, arbitrary: usual as fc.Arbitrary<unknown> },
        { weight: 1, arbitrary: fc.jsonValue({ maxDepth: 1 }) },
      );
    const access = fc.oneof(
      fc.constantFrom("r", "m", "rw"),
      fc.array(right, { maxLength: 2 }),
      fc.array(fc.oneof(right, odd), { maxLength: 4 }),
    );
    const claims = fc.record(
      {
        access: mostly(access),
        exp: mostly(fc.integer({ min: NOW_SECONDS - 50, max: NOW_SECONDS + 100 })),
        value_exists: mostly(fc.constant({ collection: "a", matches: [{ key: "k", value: 1 }] })),
        sub: mostly(fc.string()),
      },
      { requiredKeys: ["access"] },
    );
    let taken = 0;
    await fc.assert(
      fc.asyncProperty(claims, fc.string(), async (given, text) => {
        assert.equal(await whatFor({ "api-key": text }), invalid);
        const said = await whatFor(bearing(signed({ alg: "HS256" }, given, mainKey)));
        if (typeof said === "string") return assert.equal(said, invalid);
        taken++;
        if (said.access.kind === "global") return assert.equal(said.access.mode, given.access);
        const listed = given.access as readonly { readonly collection: string; readonly access: string }[];
        assert.deepEqual(
          [...said.access.modes],
          listed.map(({ collection, access }) => [collection, access]),
        );
      }),
    );
    assert.ok(taken > 0, "some of them are right");
  });
});
