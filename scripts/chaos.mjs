#!/usr/bin/env node
import { randomInt } from "node:crypto";
import { pathToFileURL } from "node:url";
import { build } from "./lib/build-steps.mjs";
import { chaosReport } from "./lib/chaos-print.mjs";
import { ensureNatsServer } from "./lib/nats-server.mjs";
import { numberOf, readValues } from "./lib/options.mjs";
import { inRoot } from "./lib/paths.mjs";
import { endWith, StepFailed } from "./lib/run-step.mjs";
import { helpOnRequest, say } from "./lib/terminal.mjs";

const HELP = `
Usage: npm run chaos [-- --minutes N] [-- --seed N] [-- --secure] [-- --json]

Starts three regions on this machine and lets things go wrong in them, at random: databases and brokers are killed, stopped and wiped,
links are cut, stalled and made lossy. Meanwhile clients write in every region, and sessions hop between regions and check what they
read. Then everything is healed, and all regions must have the same data, the same graph and every acknowledged write.

  --minutes N   how long (10)
  --seed N      of the choice of faults, an integer from 0 to 4294967295 (a new one, which is printed)
  --secure      with keys, TLS, signed messages, encryption of what lies on disks, and audit logs, which must have every acknowledged write in the end
  --json        print one JSON object instead of the report
  --help        print this help

Exits with 1 when a promise was broken.
`;

const SEED_MAX = 2 ** 32 - 1;

function readOptions() {
  const text = { type: "string" };
  const values = readValues(
    { json: { type: "boolean" }, secure: { type: "boolean" }, minutes: text, seed: text },
    HELP,
  );
  const minutes = numberOf("minutes", values.minutes, { least: 0.01, most: 24 * 60, byDefault: 10, isWhole: false });
  const seed = numberOf("seed", values.seed, { least: 0, most: SEED_MAX, byDefault: randomInt(SEED_MAX) });
  return { json: values.json === true, isSecured: values.secure === true, seconds: minutes * 60, seed };
}

helpOnRequest(HELP);
await endWith(async () => {
  const { json, seconds, seed, isSecured } = readOptions();
  build({ projects: ["packages/server", "test"] });
  process.env.MURMUR_NATS_SERVER = ensureNatsServer();
  const { runChaos } = await import(pathToFileURL(inRoot("test/dist/support/regions/chaos.js")).href);
  say(`seed ${seed}`);
  const report = await runChaos({ seed, seconds, isSecured, say });
  process.stdout.write(json ? `${JSON.stringify(report)}\n` : `${chaosReport(report)}\n`);
  if (report.violations.length > 0) throw new StepFailed("keeping the promises", `seed ${seed}\n`, 1);
});
