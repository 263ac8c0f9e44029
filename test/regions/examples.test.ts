import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { findPython } from "../support/python.js";
import { RegionCluster } from "../support/regions/region-cluster.js";
import { killExamples, startExample } from "../support/run-example.js";

const python = findPython();
let cluster: RegionCluster | undefined;

before(async () => {
  cluster = await RegionCluster.start({ names: ["eu", "us", "ap"], roundTripMs: () => 40, purpose: "hop" });
});
after(async () => {
  killExamples();
  await cluster?.stop();
});

async function hop(program: string, file: string): Promise<void> {
  const addresses = (cluster?.regions ?? []).map(({ server }) => server.address);
  const { code, out, err } = await startExample(program, [file, ...addresses], {}).ended;
  assert.equal(code, 0, err + out);
  assert.match(out, /^12: written in \S+, read in \S+: 12 with the token, \d+ without$/m);
  assert.match(out, /^The session saw all it had written, 12 times of 12; without its token \d+ reads were behind\.$/m);
}

test("a session that hops between regions sees all it has written, in JavaScript", () =>
  hop(process.execPath, "regions/hop.mjs"));

test("and in Python", { skip: python === undefined ? "python3 is missing" : false }, () =>
  hop(python ?? "", "regions/hop.py"),
);
