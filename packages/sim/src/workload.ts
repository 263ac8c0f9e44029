import type { Command, CreateCollection, PointInput } from "@murmuration/core";
import type { Profile } from "./profiles.js";
import { Random } from "./random.js";

/** One thing that a client does. */
export interface Step {
  readonly atMs: number;
  /** Index among the founders; the client takes the next node that is up. */
  readonly node: number;
  readonly command: Command;
}

export const collectionName = "points";
const DIMENSIONS = 8;
export const IDS = 120;

/** The collection that all steps are about. */
export function collectionOf(seed: number): CreateCollection {
  const random = new Random(seed).fork("collection");
  return {
    kind: "create-collection",
    name: collectionName,
    vectors: {
      "": {
        size: DIMENSIONS,
        distance: random.pick(["Euclid", "Cosine", "Dot"] as const),
        links: random.between(3, 6),
        efConstruction: random.between(12, 24),
        quantization: random.pick(["int8", "int8", "none"] as const),
      },
    },
    settings: {},
  };
}

/** Vectors as different data is made of. */
export class VectorSource {
  readonly #random: Random;
  readonly #kind: Profile["data"];
  readonly #centres: Float32Array[];

  constructor(seed: number, profile: Profile) {
    this.#random = new Random(seed).fork("vectors");
    this.#kind =
      profile.data === "any" ? this.#random.pick(["mixed", "clustered", "islands", "adversarial"]) : profile.data;
    this.#centres = Array.from({ length: 6 }, () => this.#around(new Float32Array(DIMENSIONS), 4));
  }

  get isOrdinary(): boolean {
    return this.#kind !== "adversarial";
  }

  #around(centre: Float32Array, width: number): Float32Array {
    return centre.map((x) => x + (this.#random.fraction() - 0.5) * width);
  }

  /** A vector that `node` writes. */
  next(node: number): Float32Array {
    const random = this.#random;
    switch (this.#kind) {
      case "clustered":
        return this.#around(random.pick(this.#centres), 0.6);
      case "islands":
        // each node writes into a region of its own, and all into a common one
        return this.#around(this.#centres[random.chance(0.5) ? 5 : node % 5] as Float32Array, 0.4);
      case "adversarial":
        return random.pick([
          () => new Float32Array(DIMENSIONS),
          () => new Float32Array(DIMENSIONS).fill(1),
          () => new Float32Array(DIMENSIONS).map(() => random.between(-1, 1)),
          () => new Float32Array(DIMENSIONS).map(() => (random.fraction() - 0.5) * 1e30),
          () => this.#around(random.pick(this.#centres), 1e-6),
        ])();
      default:
        return this.#around(new Float32Array(DIMENSIONS), 2);
    }
  }
}

/** What the clients of a run do, all drawn from the seed. */
export function makeSteps(seed: number, profile: Profile): Step[] {
  const random = new Random(seed).fork("workload");
  const source = new VectorSource(seed, profile);
  const steps: Step[] = [];
  const collection = collectionName;
  let atMs = 500;
  const { weights } = profile;
  const kinds = Object.entries(weights).flatMap(([kind, weight]) => Array<string>(weight).fill(kind));
  while (steps.length < profile.steps) {
    atMs += random.between(0, profile.gapMs);
    const node = random.below(profile.founders);
    const point = (): PointInput => ({
      id: random.below(IDS),
      vectors: { "": source.next(node) },
      payload: { tag: random.pick(["a", "b", "c"]), n: random.below(10) },
    });
    const ids = () => Array.from({ length: random.between(1, 4) }, () => random.below(IDS));
    const command = ((): Command => {
      switch (random.pick(kinds)) {
        case "upsert":
          return {
            kind: "upsert-points",
            collection,
            points: Array.from({ length: random.between(1, profile.batch) }, point),
            mode: "upsert",
          };
        case "update":
          return { kind: "upsert-points", collection, points: [point(), point()], mode: "update-only" };
        case "delete":
          return { kind: "delete-points", collection, target: { ids: ids() } };
        case "delete-filter":
          return {
            kind: "delete-points",
            collection,
            target: {
              filter: { must: [{ kind: "match-value", key: "n", value: random.below(10) }], should: [], mustNot: [] },
            },
          };
        case "payload":
          return {
            kind: "set-payload",
            collection,
            target: {
              filter: {
                must: [{ kind: "match-value", key: "tag", value: random.pick(["a", "b"]) }],
                should: [],
                mustNot: [],
              },
            },
            payload: { n: random.below(10), [random.pick(["x", "y"])]: random.below(100) },
          };
        case "index":
          return { kind: "create-payload-index", collection, path: "n", schema: { kind: "integer" } as never };
        default: {
          const name = `other-${random.below(3)}`;
          return random.pick<() => Command>([
            () => ({ kind: "create-collection", name, vectors: {}, settings: {} }),
            () => ({ kind: "delete-collection", name }),
            () => ({
              kind: "change-aliases",
              actions: [{ kind: "create-alias", collection, alias: `alias-${random.below(2)}` }],
            }),
            () => ({ kind: "update-collection", collection, settings: { note: random.below(100) } }),
          ])();
        }
      }
    })();
    steps.push({ atMs, node, command });
  }
  return steps;
}
