import { count } from "../../format.js";
import type { Mood } from "../../parts/badge.js";

/** How far a member is from this replica in one collection. */
export interface Distance {
  readonly id: number;
  readonly region: string | null;
  readonly suspect: boolean;
  readonly missing_here: number | null;
  readonly missing_there: number | null;
  readonly compared: {
    readonly differs: string | null;
    readonly at: string;
    readonly at_this_frontier: boolean;
  } | null;
}

/** `GET /murmur/convergence` */
export interface Convergence {
  readonly catalogue: { readonly members: readonly Distance[] };
  readonly collections: readonly {
    readonly collection: string;
    readonly points: number;
    readonly members: readonly Distance[];
  }[];
}

/** What is said of a distance; the worse, the higher its rank. */
export interface Verdict {
  readonly mood: Mood;
  readonly words: string;
  readonly rank: number;
}

const operations = (missing: number) => `${count(missing)} ${missing === 1 ? "operation" : "operations"}`;

/** Are the two equal? `isCompared`: the catalogue is not, and is equal where its frontier is. */
export function verdictOf(distance: Distance, isCompared = true): Verdict {
  const { missing_here: here, missing_there: there, compared, suspect } = distance;
  if (here === null || there === null) return { mood: "neutral", words: "not heard of it", rank: 3 };
  if (compared?.at_this_frontier === true && compared.differs !== null)
    return { mood: "bad", words: `${compared.differs} differ`, rank: 5 };
  // what it has written since it was heard last nobody knows here
  if (suspect) return { mood: "bad", words: there > 0 ? `silent, lacks ${operations(there)}` : "silent", rank: 4 };
  if (here > 0 || there > 0) {
    const parts = [
      here > 0 ? `${operations(here)} on the way here` : "",
      there > 0 ? `${operations(there)} on the way there` : "",
    ];
    return { mood: "warning", words: parts.filter((part) => part !== "").join(", "), rank: 2 };
  }
  if (!isCompared) return { mood: "good", words: "equal", rank: 0 };
  if (compared?.at_this_frontier === true) return { mood: "good", words: "equal, digests too", rank: 0 };
  return { mood: "good", words: "equal frontier", rank: 1 };
}

/** The whole in a few words. */
export function summaryOf(convergence: Convergence): Verdict {
  const all = [
    ...convergence.catalogue.members.map((one) => verdictOf(one, false)),
    ...convergence.collections.flatMap(({ members }) => members.map((one) => verdictOf(one))),
  ];
  const worst = all.reduce((a, b) => (b.rank > a.rank ? b : a), { mood: "good", words: "", rank: 0 } as Verdict);
  const differing = convergence.collections.filter(({ members }) =>
    members.some((one) => verdictOf(one).rank === 5),
  ).length;
  const words = [
    "All members are equal, by frontier and digest",
    "All members have the same frontier; digests are compared once in a while",
    "Operations are on the way between members",
    "Not every member was heard of everything",
    "A member is silent: what it holds is not known",
    `${count(differing)} ${differing === 1 ? "collection differs" : "collections differ"} at an equal frontier: it is being mended`,
  ];
  return { ...worst, words: words[worst.rank] ?? "" };
}
