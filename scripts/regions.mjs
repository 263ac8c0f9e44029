#!/usr/bin/env node
import { pathToFileURL } from "node:url";
import { build } from "./lib/build-steps.mjs";
import { ensureNatsServer } from "./lib/nats-server.mjs";
import { numberOf, readValues } from "./lib/options.mjs";
import { inRoot } from "./lib/paths.mjs";
import { regionsReport } from "./lib/regions-print.mjs";
import { runRegions } from "./lib/regions-run.mjs";
import { endWith, StepFailed } from "./lib/run-step.mjs";
import { helpOnRequest } from "./lib/terminal.mjs";

const HELP = `
Usage: npm run regions [-- --secure] [-- --json] [-- --seconds N] [-- --writes N] [-- --queries N]
       npm run regions -- --trace

Starts three regions on this machine: three databases, three NATS servers, and between them links as slow as between continents. Loads
10,000 English words from all three at once, writes new points and moves old ones in all three, cuts one off, shows both sides answering,
taking writes and their digests part, heals the link, and waits until all three have the same data and the same graph. Each table ends in
a verdict. Then it stops everything and removes what it made. Exits with 1 when something is not as it should be.

  --seconds N   how long each of the phases with load takes (10)
  --writes N    upserts a second in each region (50)
  --queries N   searches a second in each region (50)
  --secure      with keys, TLS, signed messages, encryption of what lies on disks, and audit logs; says what stands in them in the end
  --trace       instead of all that: prints the trace of one write through three regions, and of a search
  --json        print one JSON object instead of the report
  --help        print this help
`;

const DEFAULTS = { seconds: 10, writes: 50, queries: 50 };

function readOptions() {
  const text = { type: "string" };
  const values = readValues(
    {
      json: { type: "boolean" },
      secure: { type: "boolean" },
      trace: { type: "boolean" },
      seconds: text,
      writes: text,
      queries: text,
    },
    HELP,
  );
  const numbers = Object.entries(DEFAULTS).map(([name, byDefault]) => [
    name,
    numberOf(name, values[name], { least: 1, most: 1_000, byDefault }),
  ]);
  const switches = { json: values.json === true, isSecured: values.secure === true, isTrace: values.trace === true };
  return { ...switches, ...Object.fromEntries(numbers) };
}

/** Traces of a write and of a search, as an endpoint of OTLP has received them. */
async function printTraces(compiled) {
  const { traceOneWrite } = await compiled("regions/traced-write.js");
  const { traceTree } = await compiled("trace-tree.js");
  const roundTrips = { "eu us": 76, "eu ap": 160, "us ap": 180 };
  const roundTripMs = (a, b) => roundTrips[`${a} ${b}`] ?? roundTrips[`${b} ${a}`] ?? 0;
  const { write, search } = await traceOneWrite({ names: ["eu", "us", "ap"], roundTripMs, purpose: "trace" });
  process.stdout.write(`One write in eu, with links as slow as between continents:\n\n${traceTree(write)}\n\n`);
  process.stdout.write(`A search of 601 points under a filter:\n\n${traceTree(search)}\n`);
}

helpOnRequest(HELP);
await endWith(async () => {
  const options = readOptions();
  build({ projects: ["packages/server", "test"] });
  process.env.MURMUR_NATS_SERVER = ensureNatsServer();
  const compiled = (path) => import(pathToFileURL(inRoot("test/dist/support", path)).href);
  if (options.isTrace) return printTraces(compiled);
  const { RegionCluster } = await compiled("regions/region-cluster.js");
  const { readWords } = await compiled("words.js");
  const { auditFindings } = await compiled("regions/audit-findings.js");
  const result = await runRegions({ RegionCluster, auditFindings, words: readWords(), ...options });
  process.stdout.write(options.json ? `${JSON.stringify(result)}\n` : `${regionsReport(result)}\n`);
  if (!result.equal) throw new StepFailed("comparing the regions", "they have not parted, or are not equal\n", 1);
});
