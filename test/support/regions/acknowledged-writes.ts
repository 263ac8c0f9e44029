import assert from "node:assert/strict";
import { setTimeout as after } from "node:timers/promises";
import { Random } from "../random.js";
import type { Region, RegionCluster } from "./region-cluster.js";

const DIMENSIONS = 8;
/** Ids of one region: each writes points of its own, so that its last acknowledged write of a point is what must be there. */
const IDS_PER_REGION = 60;
const PAGE = 1_000;
/** Between two writes of one client: each costs all regions processor time, and a fault meets as many kinds of states at this pace. */
const PAUSE_MS = 150;
/** The digests say already that the regions hold the same: these are to see that their answers are made of it. */
const QUERIES = 5;

interface Point {
  readonly id: number;
  readonly payload?: { readonly turn?: number } | null;
}

/** Clients that write in every region, whatever happens to it, and remember what was acknowledged. */
export class AcknowledgedWrites {
  readonly #cluster: RegionCluster;
  readonly #collection: string;
  readonly #random: Random;
  /** Id → turn of the last acknowledged upsert, or of the last acknowledged delete as a negative number. */
  readonly #last = new Map<number, number>();
  /** Ids of writes whose outcome nobody knows: the answer never came. Turn of each. */
  readonly #open = new Map<number, number[]>();
  readonly #running: Promise<void>[] = [];
  readonly #acknowledged = new Map<string, number>();
  /** Who is to be told when a region has been sent its next write. */
  readonly #awaited = new Map<string, () => void>();
  readonly #pauseMs: number;
  #isStopped = false;
  #turn = 0;

  constructor(cluster: RegionCluster, collection: string, seed: number, pauseMs: number = PAUSE_MS) {
    this.#cluster = cluster;
    this.#collection = collection;
    this.#random = new Random(seed);
    this.#pauseMs = pauseMs;
  }

  /** Makes the collection and waits until every region has it. */
  async prepare(): Promise<void> {
    const [first] = this.#cluster.regions;
    assert.ok(first);
    const vectors = { size: DIMENSIONS, distance: "Euclid" };
    const made = await first.server.request("PUT", `/collections/${this.#collection}`, { vectors });
    assert.equal(made.status, 200, JSON.stringify(made.body));
    await this.#cluster.untilEqual(this.#collection);
  }

  /** Begin to write in every region. */
  start(): void {
    for (const [at, region] of this.#cluster.regions.entries()) this.#running.push(this.#write(at, region));
  }

  /** How many writes a region has acknowledged so far. */
  acknowledgedBy(name: string): number {
    return this.#acknowledged.get(name) ?? 0;
  }

  /** Until a region has been sent one more write, which is on its way then. */
  nextWrite(name: string): Promise<void> {
    return new Promise((resolve) => this.#awaited.set(name, resolve));
  }

  vector(): number[] {
    return Array.from({ length: DIMENSIONS }, () => this.#random.below(1_000) / 1_000);
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    await Promise.all(this.#running.splice(0));
    this.#isStopped = false;
  }

  /** Every acknowledged write is in every region, and the answers of all regions are the same bytes. */
  async check(): Promise<void> {
    await this.#cluster.untilEqual(this.#collection);
    for (const region of this.#cluster.regions) {
      const turns = await this.#turnsAt(region);
      for (const [id, last] of this.#last) {
        const stored = turns.get(id);
        const later = (this.#open.get(id) ?? []).filter((turn) => Math.abs(turn) > Math.abs(last));
        const allowed = [last, ...later].map((turn) => (turn < 0 ? undefined : turn));
        assert.ok(
          allowed.includes(stored),
          `${region.name} has point ${id} of turn ${stored}, acknowledged was ${last}, later and unknown ${later.join()}`,
        );
      }
    }
    for (let i = 0; i < QUERIES; i++) {
      const answers = await this.#cluster.answers(this.#collection, {
        query: this.vector(),
        limit: 10,
        with_payload: true,
      });
      assert.equal(new Set(answers).size, 1, `the regions answer alike: ${answers.join("\n")}`);
    }
  }

  async #turnsAt({ server }: Region): Promise<Map<number, number>> {
    const turns = new Map<number, number>();
    for (let offset: unknown = null; ; ) {
      const body = { limit: PAGE, with_payload: true, ...(offset === null ? {} : { offset }) };
      const answer = await server.request("POST", `/collections/${this.#collection}/points/scroll`, body);
      const page = answer.body.result as { readonly points: readonly Point[]; readonly next_page_offset: unknown };
      for (const { id, payload } of page.points) turns.set(id, payload?.turn ?? 0);
      if (page.next_page_offset === null || page.next_page_offset === undefined) return turns;
      offset = page.next_page_offset;
    }
  }

  async #write(at: number, region: Region): Promise<void> {
    while (!this.#isStopped) {
      const id = at * IDS_PER_REGION + this.#random.below(IDS_PER_REGION);
      this.#turn++;
      const turn = this.#random.below(8) === 0 ? -this.#turn : this.#turn;
      try {
        const sent = this.#send(region, id, turn);
        this.#awaited.get(region.name)?.();
        this.#awaited.delete(region.name);
        const { status } = await sent;
        if (status === 200) {
          this.#last.set(id, turn);
          this.#open.delete(id);
          this.#acknowledged.set(region.name, this.acknowledgedBy(region.name) + 1);
        } else if (status === 503) this.#noteOpen(id, turn);
        else assert.equal(status, 500, `${region.name} answers a write`);
      } catch (error) {
        if (error instanceof assert.AssertionError) throw error;
        // the process is gone, or went while it wrote: nobody knows what became of it
        this.#noteOpen(id, turn);
      }
      await after(this.#pauseMs);
    }
  }

  #noteOpen(id: number, turn: number): void {
    this.#open.set(id, [...(this.#open.get(id) ?? []), turn]);
  }

  #send({ server }: Region, id: number, turn: number) {
    const path = `/collections/${this.#collection}/points`;
    if (turn < 0) return server.request("POST", `${path}/delete?wait=true`, { points: [id] });
    const points = [{ id, vector: this.vector(), payload: { turn } }];
    return server.request("PUT", `${path}?wait=true`, { points });
  }
}
