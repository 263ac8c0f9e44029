import { type PlantedBug, plantedBugs } from "@murmuration/core/planted";
import { type PoolWork, runInWorkers } from "./pool.js";
import type { WorkRequest } from "./worker.js";

/** Profiles in which a bug shows soonest; the default one otherwise. */
const profileOfBug: Partial<Record<PlantedBug, string>> = {
  "undo-forgotten": "disk",
  "acknowledge-before-durable": "disk",
  "projection-lost": "disk",
  "edges-lost-in-recovery": "disk",
  "windows-lost-in-recovery": "disk",
  "stability-ignores-joiners": "evictions",
  "signatures-unchecked": "impostor",
  "unsigned-taken": "impostor",
  "session-unchecked": "impostor",
  "replays-taken": "impostor",
  "strangers-let-in": "impostor",
  "invitations-reused": "impostor",
  "keys-of-others-changed": "hostile",
  "vectors-not-awaited": "vectors",
  "generations-confused": "vectors",
  "nodes-in-named-graph-alone": "vectors",
  "switch-unheard": "vectors",
  "registers-of-dead-lost": "vectors",
  "vectors-not-taken-back": "vectors",
  "clock-unchecked": "clock",
  "quorum-counts-itself-twice": "quorum",
  "joiners-count": "quorum",
  "durable-before-flush": "quorum",
  "token-unchecked": "quorum",
  "read-without-waiting": "quorum",
  "read-takes-old-answers": "quorum",
  "forget-tombstone": "deletes",
  "tombstones-forgotten-early": "deletes",
  "no-repair": "deletes",
  "no-purge": "deletes",
  "index-purge-forgets-dead": "deletes",
  "stability-alone": "deletes",
  "stability-uncovered": "deletes",
  "index-lowest-slots": "island",
  "index-remove-wins": "partition",
  "tags-settled-early": "partition",
  "compacts-unstable": "compaction",
  "compacts-live": "compaction",
  "receipt-too-early": "erasures",
  "erasure-leaves-tombstones": "erasures",
  "erasure-keeps-checkpoint": "erasures",
  "erasure-keeps-incoming": "erasures",
  "erasure-leaves-remains": "erasures",
  "purged-vectors-stay": "erasures",
  "recovery-from-checkpoint-alone": "compaction",
  "checkpoint-forgets-tombstones": "compaction",
  "install-forgets-rows": "damage",
  "install-in-memory-alone": "compaction",
  "snapshot-contents-believed": "forger",
  "no-reconcile": "damage",
  "reconcile-takes-theirs": "damage",
  "repairs-lost": "damage",
  "purge-unchecked": "damage",
  "no-start-guard": "old-copy",
  "catalogue-unchecked": "hostile",
  "describes-by-half": "hostile",
  "quarantine-forgotten": "records",
  "settings-forgotten": "records",
  "frontiers-believed": "records",
  "rows-believed": "rows",
  "unchecked-operations": "hostile",
  "takes-not-finite": "hostile",
  "takes-kept-unseen": "hostile",
  "frontier-before-check": "hostile",
  "drops-marks": "text",
  "writes-other-text": "text",
  "keeps-last-entry": "text",
  "plans-kept": "deletes",
  "rows-before-durable": "disk",
  "rows-not-taken-back": "disk",
  "notes-lost": "disk",
  "row-keeps-slot": "deletes",
  "reconciled-unseen": "damage",
  "deleted-rows-stay": "deletes",
  "row-stays": "deletes",
  "column-not-entered": "wild",
  "posting-stays": "deletes",
  "weight-stays": "deletes",
  "statistics-lag": "deletes",
  "statistics-of-dead": "deletes",
  "codes-stay": "deletes",
  "codes-by-slot": "deletes",
  "order-ties-by-row": "wild",
  "dropped-column-stays": "wild",
  "payload-bytes-stay": "rows",
  "payload-forgotten": "compaction",
  "payload-of-another": "compaction",
  "facet-ties-as-met": "wild",
  "term-left-out": "wild",
  "place-left-out": "wild",
  "zone-ignored": "wild",
};

interface Progress {
  next: number;
  done: number;
  simulatedMs: number;
  ms: number;
}

/** How soon a planted bug was caught. */
export interface PlantedRow {
  readonly bug: string;
  readonly caught: boolean;
  /** Seeds until it was. */
  readonly seeds: number;
  /** Rule that it broke. */
  readonly checker: string;
  readonly profile: string;
  readonly simulated_s: number;
  readonly seconds: number;
  /** Where a worker ended on it, so that nothing is known of it: the seed, and how. */
  readonly ended?: { readonly seed: number; readonly how: string };
}

/** Bounds of the search, who listens, and where it runs. */
export interface PlantedSearch extends Pick<PoolWork, "signal" | "workers" | "file"> {
  readonly seedsMax: number;
  readonly onRow: (row: PlantedRow) => void;
}

/**
 * Plant each bug and run seeds until a checker finds it. Returns a row for each bug, in their order; bugs have none that were not come to
 * because it was stopped.
 */
export async function runPlanted({ seedsMax, onRow, ...pool }: PlantedSearch): Promise<PlantedRow[]> {
  const rows: PlantedRow[] = [];
  const bugs = Object.keys(plantedBugs) as PlantedBug[];
  const state = new Map<PlantedBug, Progress>(bugs.map((bug) => [bug, { next: 1, done: 0, simulatedMs: 0, ms: 0 }]));
  const waiting = [...bugs];
  // one bug at a time per worker: a bug that is caught at once costs one seed
  const running = new Set<PlantedBug>();
  const take = () => {
    const bug = waiting.find((one) => !running.has(one));
    if (bug === undefined) return undefined;
    running.add(bug);
    const entry = state.get(bug);
    return { seed: entry?.next ?? 1, profile: profileOfBug[bug] ?? "default", twice: false, bug };
  };
  const finish = (request: WorkRequest, end: Pick<PlantedRow, "caught" | "checker" | "ended">) => {
    const bug = request.bug as PlantedBug;
    const { done, simulatedMs, ms } = state.get(bug) as Progress;
    waiting.splice(waiting.indexOf(bug), 1);
    const row: PlantedRow = {
      bug,
      seeds: done,
      profile: request.profile,
      simulated_s: Math.round(simulatedMs / 100) / 10,
      seconds: Math.round(ms / 10) / 100,
      ...end,
    };
    rows.push(row);
    onRow(row);
  };
  await runInWorkers({
    ...pool,
    take,
    onAnswer: (request, answer) => {
      const entry = state.get(request.bug as PlantedBug) as Progress;
      running.delete(request.bug as PlantedBug);
      entry.next++;
      entry.done++;
      entry.simulatedMs += answer.simulatedMs;
      entry.ms += answer.ms;
      const caught = answer.violation !== undefined;
      if (caught || entry.done >= seedsMax) finish(request, { caught, checker: answer.violation?.checker ?? "" });
    },
    onEnded: ({ request, how }) => {
      running.delete(request.bug as PlantedBug);
      finish(request, { caught: false, checker: "", ended: { seed: request.seed, how } });
    },
  });
  return rows.sort((a, b) => bugs.indexOf(a.bug as PlantedBug) - bugs.indexOf(b.bug as PlantedBug));
}
