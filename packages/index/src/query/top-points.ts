import type { PointsAtEpoch } from "./points-at-epoch.js";
import type { Asked, Ranked } from "./ranked.js";

interface Scored {
  readonly row: number;
  readonly score: number;
}

/** Points beyond those wanted that are kept before the worst are dropped. */
const SPARE_MIN = 1_024;

/** The best of points that come one after the other: by falling score, those of equal score by ascending id. */
export class TopPoints {
  readonly #points: PointsAtEpoch;
  readonly #wanted: number;
  #least: number;
  #kept: Scored[] = [];
  /** The last of the wanted ones, once there are so many: what is worse does not come in. */
  #bar: Scored | undefined;

  constructor(points: PointsAtEpoch, { wanted, scoreThreshold }: Pick<Asked, "wanted" | "scoreThreshold">) {
    this.#points = points;
    this.#wanted = wanted;
    this.#least = scoreThreshold ?? Number.NEGATIVE_INFINITY;
  }

  /** `score`: a float32, not NaN. */
  add(row: number, score: number): void {
    if (score < this.#least) return;
    const one = { row, score };
    if (this.#bar !== undefined && this.#compare(one, this.#bar) > 0) return;
    this.#kept.push(one);
    if (this.#kept.length > 2 * this.#wanted + SPARE_MIN) this.#cut();
  }

  ranked(): Pick<Ranked, "rows" | "scores"> {
    this.#cut();
    return { rows: this.#kept.map(({ row }) => row), scores: this.#kept.map(({ score }) => score) };
  }

  #cut(): void {
    this.#kept.sort((a, b) => this.#compare(a, b));
    this.#kept.length = Math.min(this.#kept.length, this.#wanted);
    if (this.#kept.length === this.#wanted) {
      this.#bar = this.#kept.at(-1);
      this.#least = this.#bar?.score ?? Number.POSITIVE_INFINITY;
    }
  }

  #compare(a: Scored, b: Scored): number {
    return b.score - a.score || this.#points.compareIds(a.row, b.row);
  }
}
