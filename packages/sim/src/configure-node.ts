import { isPlanted } from "@murmuration/core/planted";
import type { Node } from "./node.js";
import { profileOf, type Scenario } from "./scenario.js";

/** Of checkpoints, where logs are compacted: small, so that there are many. */
const PART_BYTES = 1_500;
const SMALL_PART_BYTES = 250;
const SNAPSHOT_LAG = 2;
/** A bound that is reached. */
const INBOX_BYTES = 2_000;

/** Bounds of a node, as its scenario has them. */
export function configureNode(node: Node, { seed, profile }: Pick<Scenario, "seed" | "profile">): void {
  // in every fourth world
  if (seed % 4 === 0) node.inboxBytesMax = INBOX_BYTES;
  const { compactRows, hasSmallParts = false, mendsQuarantined = false, hasImpostor = false } = profileOf(profile);
  // clusters of members without keys stay what they were; and a signature finds what a checksum lets pass
  node.signs = hasImpostor || (seed % 4 !== 1 && !isPlanted("no-checksum"));
  node.mendsQuarantined = mendsQuarantined;
  node.disk.keepsRemains = profileOf(profile).hasErasures === true;
  if (compactRows === undefined) return;
  const isEager = hasSmallParts || seed % 2 === 0;
  const partBytes = hasSmallParts ? SMALL_PART_BYTES : PART_BYTES;
  node.compaction = { rowsMin: compactRows, rowsPerLive: isEager ? 0 : 1, partBytes };
  // snapshots also where there is another way
  if (isEager) node.snapshotLagOperations = SNAPSHOT_LAG;
}
