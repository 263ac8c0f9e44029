import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { runCli } from "../server.js";
import type { Region, RegionCluster } from "./region-cluster.js";

interface AuditLine {
  readonly action: string;
  readonly outcome: string;
}

const writing: ReadonlySet<string> = new Set([
  "PUT /collections/{collection_name}/points",
  "POST /collections/{collection_name}/points/delete",
]);

/** Writes that a region's audit log says were done. */
function writesIn(folder: string): number {
  return readdirSync(folder)
    .filter((name) => name.endsWith(".jsonl"))
    .flatMap((name) => readFileSync(join(folder, name), "utf8").split("\n").slice(0, -1))
    .map((line) => JSON.parse(line) as AuditLine)
    .filter(({ action, outcome }) => outcome === "done" && writing.has(action)).length;
}

async function findingsOf(region: Region, acknowledged: number): Promise<string[]> {
  // what is still written is written then
  await region.server.stop();
  const folder = join(region.dataFolder, "audit");
  const { code, out, err } = runCli("audit", "verify", folder);
  const recorded = writesIn(folder);
  return [
    ...(code === 0 ? [] : [`${region.name}: the audit log is not intact: ${out}${err}`]),
    ...(recorded >= acknowledged
      ? []
      : [`${region.name}: ${acknowledged} writes were acknowledged, and ${recorded} are in the audit log`]),
  ];
}

/**
 * Stops the databases of all regions, and looks whether their audit logs are intact, and have every write that was acknowledged. `acknowledged`: by the name of the
 * region.
 */
export async function auditFindings(
  cluster: RegionCluster,
  acknowledged: (region: string) => number,
): Promise<string[]> {
  return (await Promise.all(cluster.regions.map((region) => findingsOf(region, acknowledged(region.name))))).flat();
}
