import { type PlantedBug, plantedBugs } from "@murmuration/core/planted";
import { runInWorkers } from "./pool.js";

/** Profiles in which a bug shows soonest; the default one otherwise. */
const profileOfBug: Partial<Record<PlantedBug, string>> = {
  "undo-forgotten": "disk",
  "acknowledge-before-durable": "disk",
  "projection-lost": "disk",
  "edges-lost-in-recovery": "disk",
  "windows-lost-in-recovery": "disk",
  "stability-ignores-joiners": "membership",
  "clock-unchecked": "clock",
  "quorum-counts-itself-twice": "quorum",
  "joiners-count": "quorum",
  "durable-before-flush": "quorum",
  "token-unchecked": "quorum",
  "read-without-waiting": "quorum",
  "read-takes-old-answers": "quorum",
  "forget-tombstone": "deletes",
  "tombstones-forgotten-early": "deletes",
  "deleted-stays-visible": "deletes",
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
  "recovery-from-checkpoint-alone": "compaction",
  "checkpoint-forgets-tombstones": "compaction",
  "install-forgets-rows": "damage",
  "install-in-memory-alone": "damage",
  "no-reconcile": "damage",
  "reconcile-takes-theirs": "damage",
  "repairs-lost": "damage",
  "purge-unchecked": "damage",
  "no-start-guard": "old-copy",
};

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
}

/** Plant each bug and run seeds until a checker finds it, `seedsMax` at most. */
export async function runPlanted(seedsMax: number, onRow: (row: PlantedRow) => void): Promise<PlantedRow[]> {
  const rows: PlantedRow[] = [];
  const bugs = Object.keys(plantedBugs) as PlantedBug[];
  const state = new Map(bugs.map((bug) => [bug, { next: 1, done: 0, simulatedMs: 0, ms: 0, checker: "" }]));
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
  await runInWorkers(take, (request, answer) => {
    const bug = request.bug as PlantedBug;
    const entry = state.get(bug);
    running.delete(bug);
    if (entry === undefined) return;
    entry.next++;
    entry.done++;
    entry.simulatedMs += answer.simulatedMs;
    entry.ms += answer.ms;
    if (answer.violation === undefined && entry.done < seedsMax) return;
    waiting.splice(waiting.indexOf(bug), 1);
    const row: PlantedRow = {
      bug,
      caught: answer.violation !== undefined,
      seeds: entry.done,
      checker: answer.violation?.checker ?? "",
      profile: request.profile,
      simulated_s: Math.round(entry.simulatedMs / 100) / 10,
      seconds: Math.round(entry.ms / 10) / 100,
    };
    rows.push(row);
    onRow(row);
  });
  return rows.sort((a, b) => bugs.indexOf(a.bug as PlantedBug) - bugs.indexOf(b.bug as PlantedBug));
}
