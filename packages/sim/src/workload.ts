import type { Command, CreateCollection, DenseVectorSpace } from "@murmuration/core";
import {
  collectionName,
  commandMakers,
  multivectorName,
  SECOND_DIMENSIONS,
  secondVectorOf,
  sparseVectorName,
} from "./commands.js";
import { DIMENSIONS, PART_DIMENSIONS, VectorSource } from "./data.js";
import type { Profile } from "./profiles.js";
import { Random } from "./random.js";

/** One thing that a client does. */
export interface Step {
  readonly atMs: number;
  /** Index among the founders; the client takes the next node that is up. */
  readonly node: number;
  readonly command: Command;
}

/** Is the collection of a seed one that keeps its vectors off memory? Drawn apart: runs of before stay what they were. */
function keepsVectorsInFiles(seed: number): boolean {
  return new Random(seed).fork("vectors off memory").chance(0.3);
}

/** Does the collection of a seed limit the bytes of its payloads, so that they are counted? */
function countsPayloads(seed: number): boolean {
  return new Random(seed).fork("bytes of payloads").chance(0.3);
}

/** The collection that all steps are about. */
export function collectionOf(seed: number, profile: Profile): CreateCollection {
  const random = new Random(seed).fork("collection");
  const space: DenseVectorSpace = {
    size: DIMENSIONS,
    distance: random.pick(["Euclid", "Cosine", "Dot"] as const),
    links: random.between(3, 6),
    efConstruction: random.between(12, 24),
    quantization: random.pick(["int8", "int8", "none"] as const),
  };
  const second: DenseVectorSpace = { ...space, size: SECOND_DIMENSIONS, distance: "Manhattan", quantization: "none" };
  const sparse = { kind: "sparse", modifier: "idf" } as const;
  const multiDistance = new Random(seed).fork("multivectors").pick(["Cosine", "Dot", "Euclid", "Manhattan"] as const);
  const multi = { kind: "multi", size: PART_DIMENSIONS, distance: multiDistance } as const;
  const hasSecond = profile.hasSecondVector === true;
  return {
    kind: "create-collection",
    name: collectionName,
    vectors: {
      "": space,
      ...(hasSecond ? { [secondVectorOf(profile)]: second } : {}),
      ...(hasSecond || profile.hasSparseVectors === true ? { [sparseVectorName]: sparse } : {}),
      ...(profile.hasMultivectors === true ? { [multivectorName]: multi } : {}),
    },
    settings: {
      ...(keepsVectorsInFiles(seed) ? { vectors: { "": { on_disk: true } } } : {}),
      ...(countsPayloads(seed)
        ? { strict_mode_config: { enabled: true, max_collection_payload_size_bytes: 1e9 } }
        : {}),
    },
  };
}

/** What the clients of a run do, all drawn from the seed. */
export function makeSteps(seed: number, profile: Profile): Step[] {
  const random = new Random(seed).fork("workload");
  const source = new VectorSource(seed, profile);
  const steps: Step[] = [];
  let atMs = 500;
  const kinds = Object.entries(profile.weights).flatMap(([kind, weight]) => Array<string>(weight).fill(kind));
  while (steps.length < profile.steps) {
    atMs += random.between(0, profile.gapMs);
    const node = random.below(profile.founders);
    const kind = random.pick(kinds);
    const make = commandMakers[kind];
    if (make === undefined) throw new Error(`no client does "${kind}"`);
    steps.push({ atMs, node, command: make({ random, profile, vector: () => source.next(node) }) });
  }
  return steps;
}
