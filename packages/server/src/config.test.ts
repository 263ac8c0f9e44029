import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type Config, type ConfigSources, loadConfig } from "./config.js";
import { isInTheClear } from "./object-store/mod.js";

const files: { readonly [path: string]: string } = {
  "good.json": '{"port": 7003, "host": "file", "log-level": "warn", "insecure": true}',
  "broken.json": "{",
  "unknown.json": '{"prot": 1}',
  "wrong.json": '{"port": 99999}',
  "list.json": "[]",
};

function load(argv: readonly string[], environment: ConfigSources["environment"] = {}) {
  const readFile = (path: string) => {
    const content = files[path];
    if (content === undefined) throw new Error("no such file");
    return content;
  };
  return loadConfig({ argv, environment, readFile });
}

function configOf(...sources: Parameters<typeof load>): Config {
  const outcome = load(...sources);
  assert.ok("config" in outcome, JSON.stringify(outcome));
  return outcome.config;
}

function refusal(...sources: Parameters<typeof load>): string {
  const outcome = load(...sources);
  assert.ok("exitCode" in outcome);
  assert.equal(outcome.exitCode, 2);
  return outcome.output;
}

describe("configuration", () => {
  it("has defaults", () => {
    const { host, port, data, logLevel, bodyLimitMebibytes } = configOf([]);
    assert.deepEqual([host, port, data, logLevel, bodyLimitMebibytes], ["127.0.0.1", 6333, "./data", "info", 32]);
  });

  it("takes a flag before the environment, that before the file, that before the default", () => {
    const environment = { MURMUR_PORT: "7002", MURMUR_HOST: "environment", MURMUR_INSECURE: "true" };
    const all = configOf(["--port", "7001", "--config", "good.json"], environment);
    assert.deepEqual([all.port, all.host, all.logLevel, all.data], [7001, "environment", "warn", "./data"]);
    const noFlag = configOf(["--config", "good.json"], environment);
    assert.equal(noFlag.port, 7002);
    assert.equal(configOf(["--config", "good.json"]).port, 7003);
    assert.equal(configOf([], { MURMUR_CONFIG: "good.json" }).port, 7003);
  });

  it("reads names of several words from every source", () => {
    assert.equal(configOf(["--slow-request-ms", "5"]).slowRequestMs, 5);
    assert.equal(configOf(["--slow-request-ms=5"]).slowRequestMs, 5);
    assert.equal(configOf([], { MURMUR_SLOW_REQUEST_MS: "6" }).slowRequestMs, 6);
  });

  it("has room for two of the largest bodies", () => {
    assert.equal(configOf([]).bodyBytesInFlightMebibytes, 256);
    assert.equal(configOf(["--body-limit-mib", "512"]).bodyBytesInFlightMebibytes, 1024);
    assert.equal(configOf(["--body-bytes-in-flight-mib", "64"]).bodyBytesInFlightMebibytes, 64);
    const tooSmall = refusal(["--body-limit-mib", "40", "--body-bytes-in-flight-mib", "64"]);
    assert.match(tooSmall, /--body-bytes-in-flight-mib must be at least twice --body-limit-mib/);
    assert.equal(configOf(["--request-timeout-ms", "500"]).requestTimeoutMs, 500);
  });

  it("takes origins of pages, each once or separated by commas", () => {
    assert.equal(configOf([]).corsOrigins, "");
    const given = ["--cors-origin", "https://a.example.org", "--cors-origin", "http://b.example.org:81"];
    assert.equal(configOf(given).corsOrigins, "https://a.example.org http://b.example.org:81");
    assert.equal(
      configOf([], { MURMUR_CORS_ORIGIN: "https://a.example.org, *" }).corsOrigins,
      "https://a.example.org *",
    );
    for (const wrong of [
      "a.example.org",
      "https://a.example.org/",
      "https://a.example.org/x",
      "ftp://a",
      "https://A.example.org",
    ]) {
      assert.match(refusal(["--cors-origin", wrong]), /--cors-origin: .*must be origins as https/);
    }
    assert.match(refusal(["--cors-origin", ""]), /--cors-origin: .*must not be empty/);
  });

  it("takes backups only with a folder for them", () => {
    const { backupTarget, backupEveryMinutes, backupKeep } = configOf(["--backup-folder", "b", "--backup-every", "60"]);
    assert.deepEqual([backupTarget, backupEveryMinutes, backupKeep], [{ folder: "b" }, 60, 7]);
    assert.equal(configOf([]).backupTarget, undefined);
    assert.match(refusal(["--backup-every", "60"]), /--backup-every needs --backup-folder/);
    assert.match(refusal(["--backup-folder", "b", "--backup-keep", "0"]), /--backup-keep: .*from 1/);
    assert.match(refusal(["--backup-folder", "b", "--backup-every", "20161"]), /--backup-every: .*to 20160/);
  });

  it("takes a bucket for backups, and no key of it in an option", () => {
    const to = ["--backup-to", "s3://backups/eu/a/"];
    assert.deepEqual(
      configOf([...to, "--backup-endpoint", "https://s3.test:9000/", "--drill-every", "60"]).backupTarget,
      {
        store: {
          bucket: "backups",
          prefix: "eu/a",
          endpoint: "https://s3.test:9000",
          region: "us-east-1",
          isPathStyle: true,
          certificateAuthority: undefined,
          credentialsFile: undefined,
        },
      },
    );
    for (const [endpoint, isPlain] of [
      [undefined, false],
      ["https://s3.test", false],
      ["http://127.0.0.1:9000", false],
      ["http://[::1]:9000", false],
      ["http://s3.test", true],
      ["http://localhost.test", true],
    ] as const) {
      assert.equal(isInTheClear({ endpoint }), isPlain, endpoint);
    }
    const amazon = configOf(to).backupTarget;
    assert.ok(amazon !== undefined && "store" in amazon && !amazon.store.isPathStyle);
    for (const [argv, words] of [
      [[...to, "--backup-folder", "b"], /only one of --backup-folder and --backup-to/],
      [["--backup-to", "http://backups/a"], /names no place in a bucket: it begins with s3:/],
      [["--backup-to", "s3://B/a"], /the name of a bucket has 3 to 63 small letters/],
      [["--backup-to", "s3://backups/../a"], /none of which is \. or \.\./],
      [["--backup-to", "s3://backups//a"], /one slash between names/],
      [["--backup-to", `s3://backups/${"a".repeat(513)}`], /a prefix has 512 characters at most/],
      [[...to, "--backup-endpoint", "s3.test"], /--backup-endpoint must be a URL/],
      [[...to, "--backup-endpoint", "https://key:PLANTED@s3.test"], /--backup-endpoint must hold no key/],
      [[...to, "--backup-addressing", "dns"], /--backup-addressing: .*must be one of path, host/],
      [["--backup-log-every", "1"], /--backup-log-every needs --backup-to/],
      [["--drill-every", "1"], /--drill-every needs --backup-folder or --backup-to/],
    ] as const) {
      const refused = refusal(argv);
      assert.match(refused, words);
      assert.doesNotMatch(refused, /PLANTED/);
    }
  });

  it("names wrong options and values and exits with 2", () => {
    assert.match(refusal(["--prot", "1"]), /--prot/);
    assert.match(refusal(["--port", "eighty"]), /option --port: value "eighty" must be an integer from 0 to 65535/);
    assert.match(refusal(["--port", "65536"]), /--port/);
    assert.match(refusal(["--port"]), /--port/);
    assert.match(refusal(["--log-level", "loud"]), /--log-level.*must be one of trace/);
    assert.match(refusal(["extra"]), /argument/);
    assert.match(refusal([], { MURMUR_PORT: "-1" }), /environment variable MURMUR_PORT: value "-1"/);
    assert.match(refusal([], { MURMUR_DATA: "" }), /MURMUR_DATA/);
    assert.match(refusal(["--config", "none.json"]), /none\.json: no such file/);
    assert.match(refusal(["--config", "broken.json"]), /broken\.json/);
    assert.match(refusal(["--config", "list.json"]), /list\.json: must hold a JSON object/);
    assert.match(refusal(["--config", "unknown.json"]), /unknown\.json: unknown option "prot"/);
    assert.match(refusal(["--config", "wrong.json"]), /option "port" in wrong\.json: value "99999"/);
  });

  it("prints help with every option, its variable and its default, and the version", () => {
    const help = load(["--help"]);
    assert.ok("exitCode" in help && help.exitCode === 0);
    const printed = help.output.replace(/\s+/g, " ");
    for (const expected of [
      "--host",
      "env MURMUR_HOST, default 127.0.0.1",
      "env MURMUR_PORT, default 6333",
      "--config",
      "env MURMUR_CONFIG",
      "default ./data",
    ]) {
      assert.ok(printed.includes(expected), expected);
    }
    const version = load(["--version"]);
    assert.ok("exitCode" in version && version.exitCode === 0);
    assert.match(version.output, /^\d+\.\d+\.\d+\n$/);
  });

  it("describes no cluster without --nats, and refuses peers then", () => {
    assert.equal(configOf([]).cluster, undefined);
    assert.equal(configOf(["--region", "eu"]).cluster, undefined);
    assert.match(refusal(["--peer", "us=nats://us"]), /--peer needs --nats/);
  });

  it("puts a cluster together from flags given once or several times, and from the environment", () => {
    const flags = ["--region", "eu", "--nats", "nats://a,nats://b", "--peer", "us=nats://us", "--peer", "asia"];
    const fromFlags = configOf([...flags, "--nats-user", "u"], { MURMUR_NATS_PASSWORD: "secret" }).cluster;
    assert.deepEqual([fromFlags?.name, fromFlags?.region, fromFlags?.peers], ["murmuration", "eu", 2]);
    assert.deepEqual(fromFlags?.transport.options, {
      own: { servers: ["nats://a", "nats://b"], auth: { kind: "password", user: "u", password: "secret" } },
      peers: [{ region: "us", servers: ["nats://us"] }],
    });
    const environment = {
      MURMUR_REGION: "eu",
      MURMUR_NATS: "nats://a",
      MURMUR_PEER: "us=nats://us asia=nats://x,nats://y",
      MURMUR_CLUSTER: "shop",
    };
    const fromEnvironment = configOf([], environment).cluster;
    assert.deepEqual([fromEnvironment?.name, fromEnvironment?.peers], ["shop", 2]);
  });

  it("tells others an address that is given, or the one that it listens at", () => {
    const flags = ["--region", "eu", "--nats", "nats://a", "--insecure"];
    const addressOf = (...more: string[]) => configOf([...flags, ...more]).cluster?.advertise;
    assert.equal(addressOf("--host", "10.0.0.7"), "http://10.0.0.7:6333");
    assert.equal(addressOf("--host", "fd00::7", "--port", "80"), "http://[fd00::7]:80");
    assert.equal(addressOf("--host", "0.0.0.0"), undefined);
    assert.equal(addressOf("--host", "::"), undefined);
    assert.equal(addressOf("--port", "0"), undefined);
    assert.equal(addressOf("--advertise", "https://eu.example/db/"), "https://eu.example/db");
    for (const url of ["eu.example", "ftp://eu.example", "http://u@eu.example", "http://eu.example/?x=1"]) {
      assert.match(refusal([...flags, "--advertise", url]), /option --advertise: .* must be an http or https URL/);
    }
    assert.match(refusal(["--advertise", "http://eu.example"]), /--advertise needs --nats/);
  });

  it("refuses clusters that do not fit together", () => {
    const nats = ["--nats", "nats://a"];
    assert.match(refusal(nats), /--nats needs --region/);
    assert.match(refusal([...nats, "--region", "eu", "--peer", "eu=nats://b"]), /region "eu" is named twice/);
    assert.match(refusal([...nats, "--region", "e u"]), /--region.*letters/);
    assert.match(refusal([...nats, "--region", "eu", "--peer", "us="]), /peer "us" must name a URL/);
    assert.match(refusal([...nats, "--region", "eu", "--nats-token", "t", "--nats-user", "u"]), /only one of/);
    assert.match(refusal([...nats, "--region", "eu", "--nats-cert-file", "c"]), /belong together/);
  });
});
