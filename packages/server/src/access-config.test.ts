import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type Config, loadConfig } from "./config.js";

const files: Record<string, string> = {
  "key.txt": "from-a-file\n",
  "none.txt": "\n",
  "two.txt": "one\ntwo\n",
  "odd.txt": "schlüssel",
  "named.txt": "a-key # nightly load\n",
  "named-two.txt": "one#1\n#two   #  Anne Müller # 2 \r\n",
  "two-named.txt": "a-key another # both",
  "hostile-name.txt": "a-key # a\u001b[2J",
  "no-name.txt": "a-key #",
  "config.json": '{"api-key": "from-the-config", "jwt-rbac": true}',
};

function load(argv: readonly string[], environment = {}) {
  const readFile = (path: string) => {
    const content = files[path];
    if (content === undefined) throw new Error("no such file");
    return content;
  };
  return loadConfig({ argv, environment, readFile });
}

function configOf(argv: readonly string[], environment = {}): Config {
  const outcome = load(argv, environment);
  assert.ok("config" in outcome, JSON.stringify(outcome));
  return outcome.config;
}

const keysOf = (argv: readonly string[], environment = {}) => configOf(argv, environment).access.keys;

function refusal(argv: readonly string[], environment = {}): string {
  const outcome = load(argv, environment);
  assert.ok("exitCode" in outcome, JSON.stringify(outcome));
  assert.equal(outcome.exitCode, 2);
  return outcome.output;
}

describe("the configuration of keys", () => {
  it("takes them from flags, the environment, files and the configuration file", () => {
    const only = (key: string, tokens = false) => ({ readWrite: [key], readOnly: [], tokens });
    assert.deepEqual(keysOf(["--api-key", "given"]), only("given"));
    assert.deepEqual(keysOf([], { MURMUR_API_KEY: "in-the-environment" }), only("in-the-environment"));
    assert.deepEqual(keysOf(["--api-key-file", "key.txt"]), only("from-a-file"));
    assert.deepEqual(keysOf([], { MURMUR_API_KEY_FILE: "key.txt" }), only("from-a-file"));
    assert.deepEqual(keysOf(["--config", "config.json"]), only("from-the-config", true));
    assert.deepEqual(keysOf(["--api-key", "a", "--jwt-rbac"]), only("a", true));
    assert.deepEqual(keysOf(["--api-key", "a"], { MURMUR_JWT_RBAC: "true" }), only("a", true));
    assert.deepEqual(keysOf(["--api-key", "a"], { MURMUR_JWT_RBAC: "false" }), only("a"));
    assert.equal(keysOf([]), undefined);
  });

  it("takes a read-only key, and alternates from everywhere together", () => {
    const given = ["--api-key", "a", "--api-key-alternate", "b", "--api-key-alternate", "c"];
    assert.deepEqual(keysOf([...given, "--api-key-alternate-file", "two.txt", "--read-only-api-key", "r"]), {
      readWrite: ["a", "b", "c", "one", "two"],
      readOnly: ["r"],
      tokens: false,
    });
    assert.deepEqual(keysOf(["--api-key", "a", "--api-key-alternate-file", "none.txt"])?.readWrite, ["a"]);
    assert.deepEqual(keysOf(["--read-only-api-key-file", "key.txt"]), {
      readWrite: [],
      readOnly: ["from-a-file"],
      tokens: false,
    });
  });

  it("takes names of keys from their files", () => {
    const given = ["--api-key-file", "named.txt", "--api-key-alternate-file", "named-two.txt"];
    assert.deepEqual(keysOf(given), {
      readWrite: ["a-key", "one#1", "#two"],
      readOnly: [],
      tokens: false,
      names: new Map([
        ["a-key", "nightly load"],
        ["#two", "Anne Müller # 2"],
      ]),
    });
    for (const [file, why] of [
      ["two-named.txt", /a line with a name must hold one key/],
      ["hostile-name.txt", /the name of a key, behind " # ", must be 1 to 64 characters that are seen/],
      ["no-name.txt", /the name of a key/],
    ] as const) {
      const refused = refusal(["--api-key-file", file]);
      assert.match(refused, why);
      assert.doesNotMatch(refused, /a-key/);
    }
  });

  it("says what does not fit together, and shows no key", () => {
    assert.match(refusal(["--api-key", "a", "--api-key-file", "key.txt"]), /only one of --api-key and --api-key-file/);
    assert.match(refusal(["--api-key-alternate", "b"]), /--api-key-alternate needs --api-key/);
    assert.match(refusal(["--jwt-rbac"]), /--jwt-rbac needs --api-key/);
    assert.match(refusal(["--jwt-rbac", "--read-only-api-key", "r"]), /--jwt-rbac needs --api-key/);
    assert.match(refusal(["--api-key", "a", "--read-only-api-key", "a"]), /also a key that lets do everything/);
    assert.match(refusal(["--api-key-file", "none.txt"]), /none\.txt: must hold one key, and holds 0/);
    assert.match(refusal(["--api-key-file", "two.txt"]), /two\.txt: must hold one key, and holds 2/);
    assert.match(refusal(["--api-key-file", "odd.txt"]), /odd\.txt: must be keys of 1 to 1024 printable ASCII/);
    assert.match(refusal(["--api-key-file", "missing.txt"]), /missing\.txt: no such file/);
    assert.match(refusal([], { MURMUR_JWT_RBAC: "yes" }), /MURMUR_JWT_RBAC: value "yes" must be true or false/);
    assert.match(refusal([], { MURMUR_API_KEY: "" }), /MURMUR_API_KEY: value must be one key/);
    const secret = "a-secret with-a-space";
    for (const option of ["--api-key", "--read-only-api-key"]) {
      const output = refusal([option, secret]);
      assert.match(output, /value must be one key/);
      assert.ok(!output.includes("secret"), output);
    }
    assert.ok(!refusal(["--api-key", "a", "--api-key-alternate", `${secret}\u00e9`]).includes("secret"));
  });

  it("keeps keys out of what is told of the configuration", () => {
    const { access, ...shown } = configOf(["--api-key", "hidden-1", "--read-only-api-key", "hidden-2"]);
    assert.ok(access.keys !== undefined);
    assert.ok(!JSON.stringify(shown).includes("hidden"));
  });

  it("lets nobody listen beyond this machine without a key, unless that is wanted", () => {
    for (const host of ["127.0.0.1", "127.1.2.3", "localhost", "::1", "0:0:0:0:0:0:0:1"])
      assert.equal(keysOf(["--host", host]), undefined, host);
    for (const host of [
      "0.0.0.0",
      "::",
      "192.168.1.1",
      "db.example.org",
      "1.127.0.0",
      "localhost.example.org",
      "::2",
    ]) {
      assert.match(refusal(["--host", host]), /lets other machines in, and nobody is asked for a key/);
      assert.equal(keysOf(["--host", host, "--insecure"]), undefined);
      assert.ok(keysOf(["--host", host, "--read-only-api-key", "r"]) !== undefined);
    }
    assert.equal(keysOf([], { MURMUR_HOST: "0.0.0.0", MURMUR_INSECURE: "true" }), undefined);
  });

  it("reads the files again when it is asked to", () => {
    const { access } = configOf(["--api-key-file", "key.txt", "--api-key-alternate-file", "two.txt"]);
    assert.deepEqual(access.files, ["key.txt", "two.txt"]);
    const now: Record<string, string> = { "key.txt": "another", "two.txt": "" };
    assert.deepEqual(access.read((path) => now[path] ?? "")?.readWrite, ["another"]);
    assert.throws(() => access.read(() => ""), /key\.txt: must hold one key/);
  });
});
