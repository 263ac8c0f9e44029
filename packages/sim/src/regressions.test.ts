import assert from "node:assert/strict";
import { test } from "node:test";
import { work } from "./worker.js";

// Every bug that the simulator has found in our own code: the seed that showed it, and what it was. They were found with one planner.
const regressions: readonly (readonly [profile: string, seed: number, what: string])[] = [
  [
    "deletes",
    59,
    "a point deleted again was forgotten by the stability of its first delete, and a concurrent upsert came back",
  ],
  ["partition", 106, "the same, with a partition between the two deletes"],
  [
    "clock",
    153,
    "an operation held for its causes was applied after the own clock was put back, and ended the replica",
  ],
  ["default", 8, "the list of a repair was overwritten by the entry points of the walk that filled it"],
  ["default", 35, "a node was rescued from one that only upper layers reach, over and over"],
  ["default", 51, "among equal vectors no list had room for a lost node"],
  [
    "vectors",
    562,
    "what a sparse vector's reader counted at an epoch of one table was taken for that of the table after it",
  ],
  ["island", 3, "two replicas made room for lost nodes at once and cut each other's ways"],
  [
    "forger",
    504,
    "replicas that had a forged snapshot from the same member confirmed it to each other, and a fourth took it for confirmed",
  ],
  ["erasures", 32, "an erasure waited for what an evicted member had written and nobody else has"],
  ["erasures", 40, "parts of a snapshot that was not taken over stayed behind an erasure"],
  ["membership", 5, "tombstones of an evicted member were nobody's to forget"],
  [
    "membership",
    6,
    "operations of an evicted member, held for their causes, were applied after the eviction was acknowledged",
  ],
  ["storage", 64, "the repair of a dead node's list added links from it, which the purge of others then missed"],
  ["disk", 2007, "a state that the full disk had refused, and the crash forgot, was compared under a name given again"],
  ["compaction", 206, "a damaged checkpoint was offered for ever to a replica that needed it, and never made again"],
  ["storage", 49, "a joining built on a change by an evicted member, which nobody asked of the one that was joining"],
  ["storage", 641, "a row that had rotted kept a running replica from sending whatever else it had to send"],
  ["old-copy", 588, "the checker held a name that was lost with a newer disk against the operation that got it anew"],
  ["storage", 443, "the eviction of a broken node was asked of one that had just started, once only"],
  ["damage", 734, "compaction dropped the operation of a vector whose row was lost, before the row was mended"],
  ["damage", 1064, "dead nodes that a start found waited for links to be equal, and those for the dead to be purged"],
  [
    "damage",
    59,
    "a lost link to a node about to be purged was not mended, and the purge waited for its owner to repair it",
  ],
  ["damage", 305, "a point that was mended showed its fields in another order than where nothing was lost"],
  [
    "island",
    1457,
    "a list with more links to nodes about to be purged than one repair drops was not repaired again, and the purge never came",
  ],
  [
    "old-copy",
    748,
    "an operation that waited for lost ones before it was applied behind those that its origin, on an older disk, had named anew",
  ],
  [
    "compaction",
    8411,
    "a replica was admitted on account of operations that its log did not hold yet, and a crash forgot them",
  ],
  [
    "storage",
    14768,
    "a replica that nobody knew yet held more of an evicted member's operations than who had evicted it, and tidied up behind it",
  ],
  [
    "damage",
    10079,
    "a point whose row went back to before its delete came to nothing once the tombstone was forgotten",
  ],
  ["membership", 32, "operations of an evicted member that follow lost ones were held for ever"],
  [
    "rows",
    268,
    "a row that went back to before its delete brought the point back, once the others had forgotten the tombstone",
  ],
  ["compaction", 839, "two new replicas waited for each other to hold what the snapshot of the only old one claims"],
  ["records", 5, "a replica whose id on the disk was no number ended on an assertion instead of naming it"],
  ["records", 11, "a count of starts that was no number made every heartbeat malformed, and nobody came to rest"],
  [
    "records",
    1289,
    "a replica that was asked for its digest whenever it was due to ask itself answered with a question, and who had asked was never compared",
  ],
  ["records", 16, "a clock that was no number stamped operations that no other replica takes"],
  [
    "forger",
    142,
    "nodes of an evicted member that nothing led to any more were nobody's to purge until the next write",
  ],
  [
    "records",
    1538,
    "a shard that one replica had from another was given to nobody, though that one had lost it and no third was left to confirm it",
  ],
];

for (const [profile, seed, what] of regressions) {
  test(`${profile} ${seed}: ${what}`, () => {
    const { violation } = work({ seed, profile, twice: false, planners: 1 });
    assert.equal(violation, undefined, `${violation?.checker} ${violation?.detail}`);
  });
}
