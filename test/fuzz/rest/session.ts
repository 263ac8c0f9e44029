import assert from "node:assert/strict";
import type { DrawnRequest } from "./from-schema.js";
import type { Pair } from "./pair.js";
import type { RestAnswer } from "./request.js";

/** Once in so many runs one of the two databases is started again. */
const RESTART_EVERY = 8;

/** A pair that is made anew after something was found: a smaller input must not meet what a larger one left. */
export class PairSession {
  readonly #open: () => Promise<Pair>;
  #pair: Pair | undefined;
  #runs = 0;
  #isAsBegun = false;
  readonly counts: Record<string, number> = {};

  constructor(open: () => Promise<Pair>) {
    this.#open = open;
  }

  count(what: string): void {
    this.counts[what] = (this.counts[what] ?? 0) + 1;
  }

  /** The pair that the next run has. */
  async pair(): Promise<Pair> {
    this.#pair ??= await this.#open();
    return this.#pair;
  }

  /** Runs `body` without collections at first. */
  async run(body: (pair: Pair) => Promise<void>): Promise<void> {
    await this.#run(async (pair) => {
      await pair.clear();
      await body(pair);
    });
  }

  /** Runs `body` on what `begin` makes of a pair without collections: made anew only where the last body says that it has changed it. */
  async runOn(begin: (pair: Pair) => Promise<void>, body: (pair: Pair) => Promise<"changed" | "kept">): Promise<void> {
    await this.#run(async (pair) => {
      if (!this.#isAsBegun) {
        await pair.clear();
        await begin(pair);
      }
      this.#isAsBegun = (await body(pair)) === "kept";
    });
  }

  async #run(body: (pair: Pair) => Promise<void>): Promise<void> {
    const pair = await this.pair();
    try {
      await body(pair);
      this.#runs++;
    } catch (error) {
      this.#pair = undefined;
      this.#isAsBegun = false;
      await pair.close();
      throw error;
    }
  }

  /** Both are equal, and what they were after a restart. */
  async isEqual(pair: Pair): Promise<void> {
    const visible = await pair.untilEqual();
    if (this.#runs % RESTART_EVERY !== RESTART_EVERY - 1) return;
    const at = this.#runs % (2 * RESTART_EVERY) < RESTART_EVERY ? 0 : 1;
    await pair.restart(at);
    assert.equal(await pair.visible(at), visible, "after a restart it shows the same");
    await pair.untilEqual();
    this.count("restarts");
  }

  async end(): Promise<void> {
    await this.#pair?.close();
  }
}

/** The message of an answer that refuses. */
export function errorOf({ json }: RestAnswer): string | undefined {
  const status = json?.status;
  if (typeof status !== "object" || status === null || !("error" in status)) return undefined;
  return typeof status.error === "string" ? status.error : undefined;
}

/** No answer says that the server failed, and one that refuses says why. */
export function isOrderly({ route }: DrawnRequest, answer: RestAnswer): void {
  const { status, text } = answer;
  assert.ok(status >= 200 && (status < 500 || status === 507), `${status}: ${text.slice(0, 300)}`);
  // the description of the routes says what a score is, and has none
  const scored = route.path === "/openapi.json" ? "" : text;
  for (const [, score = ""] of scored.matchAll(/"score":([^,}\]]*)/g))
    assert.ok(score.trim() !== "" && Number.isFinite(Number(score)), `a score is a number: ${score}`);
  // refused by Node itself, before it is a request
  if (status === 431) return;
  if (status >= 400 && route.method !== "HEAD") {
    assert.ok((errorOf(answer) ?? "") !== "", `${status} says why: ${text.slice(0, 300)}`);
  }
}
