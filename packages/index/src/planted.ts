/**
 * Bugs that are planted to show that tests, stress and simulator would find them. A place where one bites asks `isPlanted` by its name, and
 * nothing else knows of it. A release build (scripts/lib/release.mjs) has `false` in place of each of these questions, 0 in place of
 * `plantedBits(…)`, and is without this file; the modules of assembly/ are compiled for it with PLANTING = 0.
 */

/** Bugs of the modules that are compiled from assembly/, each with what it does, by the memory that says which are planted: bits in this order. */
const compiledBugs = {
  /** bits of H.PLANTED, assembly/layout.ts */
  graph: {
    "index-lowest-slots": "of a list that is too long, walks see the lowest slots instead of the closest",
    "index-remove-wins": "a removal takes links away that its planner had not seen",
    "index-purge-forgets-dead": "a purge leaves links to the purged in the lists of dead nodes",
    "add-forgets-tag":
      "a link that is added once more keeps its old tags only, so that a concurrent removal takes it away",
    "entry-stays": "an entry point that dies stays one, so that where a search starts depends on what died when",
    "links-to-dead": "a new node is linked to nodes known to be dead",
  },
  /** bits of H_PLANTED, segment/layout.ts */
  table: {
    "publish-early": "new rows are visible at the epoch of now, before their group is published",
    "hidden-early": "rows that a group replaces or deletes are hidden at once, before that is durable",
    "reuse-without-pins": "rows are given back without looking at what epochs threads are at",
    "older-not-followed": "a reader that meets a row of a later epoch does not look at the one before it",
    "hidden-stays": "a group that is taken back leaves the points hidden that it was to delete",
    "slot-not-checked": "a point is found at the slot of a vector that its visible version does not have",
  },
  /** bits of H_COLUMNS_PLANTED, segment/column-layout.ts */
  columns: {
    "summary-stays": "which rows of a block are visible is not summed up again when one of them changes",
    "older-value": "a row that is used again keeps the value that it had before",
    "sets-stay": "a row that is given back stays in the sets of its column",
    "value-stays": "a row that is given back, by a failed group too, is still counted and posted as one of its value",
    "extent-reused": "memory is used again at once, while readers may be in it",
  },
} as const;

/** Bugs of how a collection is read at an epoch. */
const readBugs = {
  "graphs-not-held": "slots that rows name are used again while the rows are read",
  "slots-are-points": "every candidate of a walk counts as visible",
  "moved-is-gone": "a candidate whose point has another vector at the epoch does not lead to that",
  "entries-ignored": "walks start from one entry while regions are not linked to each other",
} as const;

/** Bugs of what queries come to: each makes replicas answer differently. */
const queryBugs = {
  "ties-by-row": "of points with equal scores, those in lower rows come first",
  "sample-by-row": "a sample is drawn by rows instead of by ids",
  "order-ties-by-row": "of points with equal values of what they are ordered by, those in lower rows come first",
  "facet-ties-as-met": "values of a facet with equal counts come in the order in which they were met",
} as const;

/** Bugs of what is left of vectors, and of vectors that are kept off memory. */
const fileBugs = {
  "purged-vectors-stay":
    "slots of vectors that were purged keep what stood there, for as long as they are not used again",
  "row-of-another":
    "of vectors in a file, what stands at a slot is not compared with its node, and read from the slot behind it",
  "row-stays":
    "a slot that is used again keeps the vector in the file that it had before, and whose it is is not looked at",
} as const;

/** Bugs of sparse vectors. */
const sparseBugs = {
  "posting-stays": "what a vector had in the postings stays there when its slot is given to another",
  "weight-stays":
    "of an index that others have too, a vector has the weight that stood at its place in the postings before",
  "statistics-of-dead": "how rare an index is counts vectors of deleted points, until they are purged",
  "statistics-lag": "how rare an index is stays as it was counted at an earlier epoch",
} as const;

/** Bugs of multivectors. */
const multiBugs = {
  "codes-stay": "the codes of a multivector are those that stood in their place before, or none",
  "codes-by-slot": "of multivectors whose codes are equally near, those in lower slots are compared",
} as const;

/** Bugs of payload indexes, in what a row is entered with. */
const entryBugs = {
  "term-left-out": "of a text with several terms the last is not entered in its index",
  "place-left-out": "of a point with several places the last is not entered in its index",
  "zone-ignored": "a payload index takes a datetime with a zone for one in UTC",
} as const;

/** Every bug of this package, with what it does. */
export const plantedIndexBugs = {
  ...compiledBugs.graph,
  ...compiledBugs.table,
  ...compiledBugs.columns,
  ...readBugs,
  ...queryBugs,
  ...fileBugs,
  ...sparseBugs,
  ...multiBugs,
  ...entryBugs,
} as const;
export type PlantedIndexBug = keyof typeof plantedIndexBugs;

/** What is planted in this thread. Packages above keep the names of their bugs to themselves, and ask by the same function. */
const inThisThread = new Set<string>();

/** Is this bug planted in this thread? */
export function isPlanted(bug: PlantedIndexBug): boolean {
  return inThisThread.has(bug);
}

/** The same for a package above, which has names of its own. */
export const isPlantedOf: <Bug extends string>(bug: Bug) => boolean = (bug) => inThisThread.has(bug);

/**
 * Plant these bugs in this thread instead of those that are planted; none: all is sound. Memories have the bugs of compiled modules that are
 * planted when they are made, and all threads see those.
 */
export function plant<Bug extends string = PlantedIndexBug>(bugs: Iterable<Bug>): void {
  inThisThread.clear();
  for (const bug of bugs) inThisThread.add(bug);
}

/** The planted ones of a compiled module's bugs as the word that its memory has for them. */
export function plantedBits(module: keyof typeof compiledBugs): number {
  return Object.keys(compiledBugs[module]).reduce((bits, bug, bit) => bits | (inThisThread.has(bug) ? 1 << bit : 0), 0);
}

/** The names of a compiled module's bugs, or of those of reads or entries. */
export function plantedBugsOf(part: keyof typeof compiledBugs | "reads" | "entries"): PlantedIndexBug[] {
  const bugs = { ...compiledBugs, reads: { ...readBugs, ...fileBugs }, entries: entryBugs };
  return Object.keys(bugs[part]) as PlantedIndexBug[];
}
