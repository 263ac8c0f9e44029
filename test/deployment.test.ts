import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
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
  readonly environment?: { readonly [name: string]: string };
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
  for (const folder of ["packages/index", "packages/core", "packages/server", "packages/sim", "bench", "test"]) {
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
  for (const [name, { environment = {} }] of databases) {
    const outcome = loadConfig({ argv: [], environment });
    assert.ok("config" in outcome, JSON.stringify(outcome));
    assert.deepEqual([outcome.config.cluster?.region, outcome.config.cluster?.peers], [name, 2]);
    const others = brokers.filter(([other]) => other !== name);
    assert.deepEqual(pairs(environment["MURMUR_PEER"] as string).sort(), others.map((pair) => [...pair]).sort());
    const host = new URL(environment["MURMUR_NATS"] as string).hostname;
    assert.ok(compose.services[host]?.command?.includes("--jetstream"), `${host} stores streams`);
  }
});
