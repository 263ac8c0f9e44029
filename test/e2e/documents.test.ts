import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { loadConfig } from "@murmuration/server";
import { newAuthority } from "@murmuration/server/testing/certificates";
import { root } from "../support/source-tree.js";
import { startE2eServer } from "./e2e-server.js";

const { address } = await startE2eServer();
const textOf = (name: string) => readFileSync(join(root, name), "utf8");
const README_ADDRESS = /(http:\/\/)?(127\.0\.0\.1|localhost):6333/g;

/** Fenced blocks of a language. */
function fenced(text: string, language: string): string[] {
  return Array.from(
    text.matchAll(new RegExp(`^~~~${language}\n(.*?)^~~~$`.replaceAll("~~~", "`{3}"), "gms")),
    ([, block]) => block as string,
  );
}

/** What each curl of a shell script would be called with. The shell itself reads the quotes. */
function curlCalls(script: string): string[][] {
  const program = `curl() { for one in "$@"; do printf '%s\\0' "$one"; done; printf '\\0'; }\n${script}`;
  const { status, stdout, stderr } = spawnSync("sh", ["-euc", program], { encoding: "utf8" });
  assert.equal(status, 0, stderr);
  return stdout
    .split("\0\0")
    .filter((call) => call !== "")
    .map((call) => call.split("\0"));
}

/** Makes the request that curl would. */
async function request(call: readonly string[]): Promise<{ readonly status: number; readonly text: string }> {
  const argumentOf = (flag: string) => call[call.indexOf(flag) + 1] as string;
  const url = call.find((one) => one.startsWith("http")) as string;
  const [name, value] = argumentOf("-H").split(": ") as [string, string];
  const response = await fetch(url, { method: argumentOf("-X"), headers: { [name]: value }, body: argumentOf("-d") });
  return { status: response.status, text: await response.text() };
}

test("the README's examples can be run one after the other", async () => {
  const use = textOf("README.md")
    .split("\n## ")
    .find((section) => section.startsWith("Use\n")) as string;
  const script = use.replace(/^(?! {4}).*$/gm, "").replace(README_ADDRESS, address);
  const calls = curlCalls(script);
  assert.equal(calls.length, 3);
  const answers = [];
  for (const call of calls) answers.push(await request(call));
  for (const { status, text } of answers) assert.equal(status, 200, text);
  const found = JSON.parse(answers[2]?.text ?? "") as {
    readonly result: { readonly points: readonly { readonly payload: { readonly city: string } }[] };
  };
  assert.deepEqual(found.result.points.map(({ payload }) => payload.city).sort(), ["Berlin", "London"]);

  // beside the tests, where the client's package is found
  const folder = mkdtempSync(join(root, "test/dist/readme-"));
  try {
    const [example = ""] = fenced(use, "js");
    const file = join(folder, "example.mjs");
    writeFileSync(file, example.replace(README_ADDRESS, address));
    for (let times = 0; times < 2; times++) {
      const { status, stdout, stderr } = spawnSync(process.execPath, [file], { encoding: "utf8" });
      assert.equal(status, 0, stderr);
      assert.match(stdout, /city: 'Berlin'/);
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("the sample configurations are ones, and name only options that there are", async () => {
  const authority = await newAuthority("a sample");
  const { cert, key } = await authority.issue("db-eu");
  const files: { readonly [name: string]: string } = {
    "/run/secrets/murmuration-key": "one-key-of-a-sample-0123456789abcdef",
    "/run/secrets/db-eu.crt": cert,
    "/run/secrets/db-eu.key": key,
    "/run/secrets/ca.crt": authority.cert,
  };
  const samples = fenced(textOf("docs/configuration.md"), "json");
  assert.equal(samples.length, 2);
  const [alone, region] = samples.map((sample) => {
    const environment = { MURMUR_CONFIG: "sample.json", MURMUR_NATS_PASSWORD: "secret" };
    const outcome = loadConfig({
      argv: [],
      environment: sample.includes("nats") ? environment : { MURMUR_CONFIG: "sample.json" },
      readFile: (file) => (file === "sample.json" ? sample : (files[file] ?? "")),
    });
    assert.ok("config" in outcome, JSON.stringify(outcome));
    return outcome.config;
  });
  assert.deepEqual([alone?.slowRequestMs, alone?.backupKeep, alone?.cluster], [500, 24, undefined]);
  assert.deepEqual([region?.cluster?.region, region?.cluster?.peers], ["eu", 2]);
});
