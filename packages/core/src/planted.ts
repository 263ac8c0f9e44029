/**
 * Bugs that the simulator plants, to show that it would find them (packages/sim, `--planted`). Nothing else writes to this set: in
 * every other process it is empty, and each switch below reads as false.
 */
export const planted: Set<PlantedBug> = new Set();

/** Paths that a long run of the simulator must reach, with how often it did. Counted only while `countsMarks` is set. */
export const marks: Map<string, number> = new Map();
let counting = false;

/** Start counting marks. */
export function countMarks(): void {
  counting = true;
}

/** A rare path is reached. */
export function mark(name: Mark): void {
  if (counting) marks.set(name, (marks.get(name) ?? 0) + 1);
}

/** Every mark there is. */
export const allMarks = [
  "held for its causes",
  "inbox full",
  "asked again",
  "set aside",
  "quarantined",
  "quarantine ended",
  "damaged row found",
  "frontier mended",
  "hostile message refused",
  "catalogue change refused",
  "waited for the log",
  "clock ahead",
  "window opened",
  "window closed",
  "stitched by walking",
  "stitched by pairs",
  "repaired",
  "purged",
  "rescued",
  "tombstone forgotten",
  "member admitted",
  "member evicted",
  "evicted refused",
  "tags settled",
  "quorum reached",
  "quorum missed",
  "read waited",
  "log compacted",
  "snapshot installed",
  "snapshot restarted",
  "snapshot disputed",
  "snapshot unconfirmed",
  "snapshot confirmed",
  "checkpoint mended",
  "compared equal",
  "reconciled points",
  "reconciled lists",
  "older copy",
  "planned in a group",
] as const;
export type Mark = (typeof allMarks)[number];

/** Every planted bug, with what it does. */
export const plantedBugs = {
  "skip-causal-wait": "operations are applied without waiting for those that they depend on",
  "no-dependencies": "operations do not say what they depend on",
  "forget-tombstone": "a delete leaves no tombstone",
  "last-arrival-wins": "of two upserts the one that arrives later wins",
  "tie-by-arrival": "writes of the same time are not ordered by their origin",
  "fields-last-arrival": "of two writes of a payload field the one that arrives later wins",
  "undo-forgotten": "a command that the log refused leaves its changes in memory",
  "acknowledge-before-durable": "a command is acknowledged although the log refused it",
  "projection-lost": "points of operations from elsewhere are not written to the projection",
  "edges-lost-in-recovery": "recovery passes over operations that change links",
  "windows-lost-in-recovery": "recovery forgets which windows are open",
  "no-requests": "what is missing is never asked for",
  "answer-off-by-one": "an answer to a request begins one operation too late",
  "no-checksum": "the checksum of messages is not compared",
  "stability-alone": "what this replica holds is taken for what every member holds",
  "stability-uncovered": "a heartbeat counts before what it reports has arrived",
  "stability-ignores-joiners": "a heartbeat counts although its sender does not know all members",
  "tags-settled-early": "tags are forgotten before they are stable",
  "tombstones-forgotten-early": "tombstones are dropped before the delete is stable",
  "windows-never-close": "a finished window is not closed",
  "no-rescue": "nodes that no walk reaches are left alone",
  "no-repair": "links to dead nodes are never repaired",
  "no-purge": "dead nodes are never dropped",
  "quorum-counts-itself-twice": "a replica counts for two members of its own quorums",
  "joiners-count": "a replica counts in quorums before every member knows it",
  "durable-before-flush": "a member acknowledges what its log has not taken yet",
  "token-unchecked": "a session's token is not compared with what the replica holds",
  "read-without-waiting": "a read does not wait for what the members hold that it asked",
  "read-takes-old-answers": "answers to earlier questions count for a read",
  "clock-unchecked": "operations from a clock far ahead are taken",
  "no-reconcile": "what a comparison finds to differ is left as it is",
  "reconcile-takes-theirs": "of a damaged and a sound state the one that came from elsewhere is taken",
  "repairs-lost": "repaired points are not written to the projection",
  "purge-unchecked": "nodes that a start finds dead are taken for dead before anybody else was asked",
  "no-start-guard": "a replica that starts writes before it has heard what others hold of its operations",
  "index-lowest-slots": "of a list that is too long, walks see the lowest slots instead of the closest",
  "index-remove-wins": "a removal takes links away that its writer had not seen",
  "compacts-unstable": "compaction drops operations that a member lacks",
  "compacts-live": "compaction drops the operations of vectors that points still have",
  "recovery-from-checkpoint-alone": "recovery passes over the operations behind a checkpoint",
  "checkpoint-forgets-tombstones": "checkpoints hold no tombstones",
  "install-forgets-rows": "a snapshot that is taken over leaves nothing of what it does not cover",
  "install-in-memory-alone": "what a snapshot does not cover is put behind it in memory, and not in the log",
  "snapshot-contents-believed": "a snapshot is taken over whatever other members know of its digests",
  "index-purge-forgets-dead": "a purge leaves links to the purged in the lists of dead nodes",
  "quarantine-forgotten": "a shard to which an operation was applied by half goes on",
  "unchecked-operations": "operations are applied without being checked against the state first",
  "takes-not-finite": "vectors of values that are not finite are taken",
  "takes-kept-unseen": "operations that keep a vector which is not here are taken",
  "frontier-before-check": "the frontier moves before an operation is checked",
  "drops-marks": "a long text loses the mark at its beginning when it is read",
  "writes-other-text": "the log is given another text than what is applied",
  "catalogue-unchecked": "changes of the catalogue are taken whatever they bring in",
  "describes-by-half":
    "the path of a payload index is not checked, and a collection has its new description before the index is built",
  "rows-believed": "a start ends where the row of a point is not what the log made",
  "settings-forgotten": "a setting that is damaged is taken for one that is not there",
  "frontiers-believed": "a frontier that is not what the operations count is left as it is",
  "group-unseen": "vectors that are planned as one group are not linked to each other",
  "plans-kept": "candidates that were found for a group are used for later ones",
  "rows-before-durable": "readers see rows of a group before the log has it",
  "rows-not-taken-back": "readers see rows of a group that the log has refused",
  "notes-lost": "which points have other rows is forgotten when the log refuses a group that waits",
  "row-keeps-slot": "the row of a point that has another vector names the place of the one before",
  "reconciled-unseen": "readers do not see points that were mended",
  "deleted-rows-stay": "deleted points keep their rows",
  "column-not-entered": "the values of every other row are not entered in payload indexes",
  "dropped-column-stays": "readers go on using a payload index that was dropped",
  "keeps-last-entry": "of entries of one id in an update of vectors only the last counts",
} as const;
export type PlantedBug = keyof typeof plantedBugs;
