import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import {
  accessSync,
  constants,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "node:test";
import { loadConfig } from "@murmuration/server";
import { validate } from "dockerfile-utils";
import { parse } from "yaml";
import { serverCommand } from "./support/server-command.js";
import { root } from "./support/source-tree.js";

interface Service {
  readonly image?: string;
  readonly build?: string;
  readonly command?: readonly string[];
  readonly depends_on?: readonly string[];
  /** `null`: as it is where compose is run; not set there, it is not set here. */
  readonly environment?: { readonly [name: string]: string | null };
  readonly ports?: readonly string[];
  readonly volumes?: readonly string[];
}

interface Compose {
  readonly services: { readonly [name: string]: Service };
  readonly volumes: { readonly [name: string]: unknown };
}

const textOf = (name: string) => readFileSync(join(root, name), "utf8");
const compose = parse(textOf("compose.yaml"), { merge: true }) as Compose;
const services = Object.entries(compose.services);
const databases = services.filter(([, { build }]) => build !== undefined);
/** The environment of a service, with a key as whoever starts the services gives one and no invitation, over that of the image. */
function environmentOf({ environment = {} }: Service): Readonly<Record<string, string>> {
  const given = Object.entries(environment)
    .filter((entry): entry is [string, string] => entry[1] !== null)
    .map(([name, value]) => [name, value.replace(/^\$\{MURMUR_API_KEY:\?[^}$]+\}$/, "a-key-of-a-test")]);
  return { MURMUR_HOST: /MURMUR_HOST=(\S+)/.exec(textOf("Dockerfile"))?.[1] ?? "", ...Object.fromEntries(given) };
}
/** `name=url` pairs of a setting. */
const pairs = (text: string) => text.split(" ").map((pair) => pair.split("=") as [string, string]);

test("the Dockerfile has no mistake that a linter knows", () => {
  assert.deepEqual(
    validate(textOf("Dockerfile")).map(({ message, range }) => `${range.start.line + 1}: ${message}`),
    [],
  );
  assert.notDeepEqual(validate("FORM node"), []);
});

test("the Dockerfile copies every workspace's manifest before it installs", () => {
  const text = textOf("Dockerfile");
  const beforeInstall = text.slice(0, text.indexOf("RUN npm ci"));
  for (const folder of [
    ...["packages/index", "packages/core", "packages/server", "packages/sim", "packages/dashboard"],
    ...["bench", "test"],
  ]) {
    assert.ok(existsSync(join(root, folder, "package.json")));
    assert.ok(beforeInstall.includes(`COPY ${folder}/package.json ${folder}/\n`), folder);
  }
});

test("every way to start the server gives node the flags of its command line", () => {
  const [flags] = serverCommand();
  assert.match(flags ?? "", /^--/);
  const { scripts } = JSON.parse(textOf("package.json")) as { readonly scripts: { readonly start: string } };
  assert.ok(scripts.start.startsWith(`exec sh scripts/node.sh ${flags} `));
  assert.ok(textOf("Dockerfile").includes(`\nENTRYPOINT ["node", "${flags}", `));
  assert.ok(textOf("packages/server/bin/murmur").includes(`\nFLAGS=${flags}\n`));
});

test("the command murmur is there before anything is built, and npm links it", () => {
  interface Manifest {
    readonly bin: { readonly murmur: string };
  }
  const { bin } = JSON.parse(textOf("packages/server/package.json")) as Manifest;
  assert.ok(!bin.murmur.includes("dist/"), bin.murmur);
  accessSync(join(root, "packages/server", bin.murmur), constants.X_OK);
  const lock = JSON.parse(textOf("package-lock.json")) as { readonly packages: { readonly [path: string]: Manifest } };
  assert.equal(join(bin.murmur), lock.packages["packages/server"]?.bin.murmur);
});

test("the command murmur runs from a link, in a clone and in an image", () => {
  const folder = mkdtempSync(join(tmpdir(), "murmuration-bin-"));
  try {
    const run = (program: string) => spawnSync(program, ["srve"], { encoding: "utf8" });
    const link = join(folder, "murmur");
    symlinkSync(join(root, "packages/server/bin/murmur"), link);
    const inClone = run(link);
    assert.deepEqual([inClone.status, inClone.stdout], [2, ""], inClone.stderr);
    assert.match(inClone.stderr, /Did you mean serve\?/);

    const server = join(folder, "image/packages/server");
    cpSync(join(root, "packages/server/bin"), join(server, "bin"), { recursive: true });
    mkdirSync(join(server, "bundle/release"), { recursive: true });
    writeFileSync(join(server, "package.json"), '{"type":"module"}');
    writeFileSync(join(server, "bundle/release/cli.js"), "console.log(process.argv[2], process.execArgv[0]);");
    rmSync(link);
    symlinkSync(join(server, "bin/murmur"), link);
    assert.equal(run(link).stdout, `srve ${serverCommand()[0]}\n`);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("every service of the compose file is there once, with volumes and services that exist", () => {
  for (const [name, { depends_on = [], volumes = [], image, build }] of services) {
    assert.notEqual(image === undefined, build === undefined, `${name} is either built or pulled`);
    for (const other of depends_on) assert.ok(Object.hasOwn(compose.services, other), `${name} waits for ${other}`);
    for (const volume of volumes) assert.ok(Object.hasOwn(compose.volumes, volume.split(":")[0] as string), volume);
  }
  const mounted = services.flatMap(([, { volumes = [] }]) => volumes.map((volume) => volume.split(":")[0]));
  assert.equal(new Set(mounted).size, mounted.length, "no two services share a volume");
});

test("each region of the compose file knows its own broker and all the others", () => {
  assert.equal(databases.length, 3);
  const brokers = databases.map(([name, { environment = {} }]) => {
    assert.equal(environment["MURMUR_REGION"], name);
    return [name, environment["MURMUR_NATS"] as string] as const;
  });
  for (const [name, service] of databases) {
    const environment = environmentOf(service);
    assert.equal(environment["MURMUR_HOST"], "0.0.0.0");
    const outcome = loadConfig({ argv: [], environment });
    assert.ok("config" in outcome, JSON.stringify(outcome));
    assert.deepEqual(outcome.config.access.keys?.readWrite, ["a-key-of-a-test"]);
    assert.deepEqual([outcome.config.cluster?.region, outcome.config.cluster?.peers], [name, 2]);
    const others = brokers.filter(([other]) => other !== name);
    assert.deepEqual(pairs(environment["MURMUR_PEER"] as string).sort(), others.map((pair) => [...pair]).sort());
    const host = new URL(environment["MURMUR_NATS"] as string).hostname;
    assert.ok(compose.services[host]?.command?.includes("--jetstream"), `${host} stores streams`);
  }
});
