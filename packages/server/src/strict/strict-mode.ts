import { totalmem } from "node:os";
import { type Collection, type Command, hasCollection } from "@murmuration/core";
import type { JsonObject } from "@murmuration/index";
import type { Database } from "../engine/database.js";
import type { StrictModeConfig } from "../http/schemas/strict-mode.js";
import type { Reading } from "../read/reading.js";
import { checkRead, costOfRead } from "./check-read.js";
import { checkWrite, costOfWrite, type Held } from "./check-write.js";
import { RateLimits } from "./rate-limits.js";
import { requireWithin } from "./strict-error.js";

type StrictDatabase = Pick<Database, "catalogue" | "collection" | "statistics">;

/** The limits of a collection; `undefined`: it has none, or they are turned off. */
function configOf({ settings }: Collection): StrictModeConfig | undefined {
  const config = settings.strict_mode_config as JsonObject | undefined;
  return config?.["enabled"] === true ? (config as unknown as StrictModeConfig) : undefined;
}

/** Holds requests to the limits that collections set (`strict_mode_config`). Everything is counted on this node alone. */
export class StrictMode {
  readonly #database: StrictDatabase;
  readonly #nowMs: () => number;
  readonly #residentPercent: () => number;
  readonly #rates = new RateLimits();
  /** Of which catalogue the collections were looked at. */
  #seen: Database["catalogue"] | undefined;

  constructor(
    database: StrictDatabase,
    nowMs: () => number = () => performance.now(),
    residentPercent: () => number = () => (100 * process.memoryUsage.rss()) / totalmem(),
  ) {
    this.#database = database;
    this.#nowMs = nowMs;
    this.#residentPercent = residentPercent;
  }

  /** Throws where a read of these collections asks for more than the first of them gives, which is searched. Nothing is counted. */
  check([name]: readonly string[], reading: Reading, timeoutSeconds: number | undefined): void {
    const collection = this.#find(name);
    const config = collection && configOf(collection);
    if (collection === undefined || config === undefined) return;
    this.#checkTimeout(config, timeoutSeconds);
    // what it would do may be asked of anything: what would be refused is said in the answer
    if (reading.kind !== "explain") checkRead(reading, config, collection);
  }

  /** The same, and counts the read for the limit on how many come. */
  read(names: readonly string[], reading: Reading, timeoutSeconds: number | undefined): void {
    this.check(names, reading, timeoutSeconds);
    const collection = this.#find(names[0]);
    const config = collection && configOf(collection);
    if (collection === undefined || config === undefined) return;
    if (config.read_rate_limit !== undefined) {
      const perMinute = Number(config.read_rate_limit);
      this.#rates.take(collection.id, "Read", costOfRead(reading), perMinute, this.#nowMs());
    }
  }

  /** Throws where a write is more than its collection takes. */
  write(command: Command, timeoutSeconds: number | undefined): void {
    if (!("collection" in command) || command.kind === "update-collection") return;
    const collection = this.#find(command.collection);
    const config = collection && configOf(collection);
    if (collection === undefined || config === undefined) return;
    this.#checkTimeout(config, timeoutSeconds);
    checkWrite(command, config, collection, this.#held(collection.name));
    if (config.write_rate_limit !== undefined) {
      const perMinute = Number(config.write_rate_limit);
      this.#rates.take(collection.id, "Write", costOfWrite(command), perMinute, this.#nowMs());
    }
  }

  #checkTimeout({ max_timeout: limit }: StrictModeConfig, seconds: number | undefined): void {
    if (seconds !== undefined) requireWithin(seconds, limit, "timeout");
  }

  #find(name: string | undefined): Collection | undefined {
    const { catalogue } = this.#database;
    if (catalogue !== this.#seen) {
      this.#seen = catalogue;
      this.#rates.keepOnly((id) => Object.hasOwn(catalogue.collections, id));
    }
    return name !== undefined && hasCollection(catalogue, name) ? this.#database.collection(name) : undefined;
  }

  #held(name: string): Held {
    return {
      statistics: () => this.#database.statistics(name),
      residentPercent: this.#residentPercent,
    };
  }
}
