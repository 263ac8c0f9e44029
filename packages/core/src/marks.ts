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
  "waited for a vector",
  "vector dropped",
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
  "graph switched",
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
  "erased from the log",
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
  "vector taken from the log",
  "cluster secured",
  "let in",
  "invitation refused",
  "key adopted",
  "session raised",
  "forged message refused",
  "replayed message refused",
] as const;
export type Mark = (typeof allMarks)[number];
