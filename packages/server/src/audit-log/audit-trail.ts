import type { AuditLog } from "./audit-log.js";
import { type Actor, type AuditEntry, actions } from "./entry.js";
import { RefusalCounts } from "./refusal-counts.js";

/** What is recorded, and what comes of it when it cannot be. */
export interface AuditPolicy {
  /** Reads, too. */
  readonly reads: boolean;
  /** While no line can be written: no write is taken, or it is, and counted. */
  readonly onFailure: "refuse" | "continue";
}

const LOOK_EVERY_MS = 10_000;
const server: Actor = { by: "server" };

/** What the rest of the server records, and where it asks whether it may go on. */
export class AuditTrail {
  readonly log: AuditLog;
  readonly policy: AuditPolicy;
  readonly #refusals = new RefusalCounts();
  readonly #nowMs: () => number;
  #look: NodeJS.Timeout | undefined;

  constructor(log: AuditLog, policy: AuditPolicy, nowMs: () => number = Date.now) {
    this.log = log;
    this.policy = policy;
    this.#nowMs = nowMs;
    this.#refusals.over(nowMs());
    this.#look = setInterval(() => this.#tellRefusals(false), LOOK_EVERY_MS);
    this.#look.unref();
  }

  /** Why what changes something must not be begun; `undefined`: it may. */
  get refusesWrites(): string | undefined {
    return this.policy.onFailure === "refuse" ? this.log.failing : undefined;
  }

  /** Resolves when it is durable; `undefined`: it was not to be, or nobody is to wait for it. */
  record(entry: AuditEntry): Promise<void> {
    return this.log.append(entry);
  }

  /** Records what the server does by itself, or is told by its files. */
  note(action: string, fields: Pick<AuditEntry, "outcome"> & Partial<AuditEntry>): void {
    this.log.append({ action, who: server, ...fields }).catch(() => undefined);
  }

  /** Records a refusal: with a line of its own, unless there are too many. Nobody waits for it. */
  refused(entry: AuditEntry & { readonly from: string }): void {
    this.#tellRefusals(false);
    if (this.#refusals.hasLine(entry.from)) this.log.append(entry).catch(() => undefined);
  }

  #tellRefusals(isEnd: boolean): void {
    for (const { from, count } of this.#refusals.over(this.#nowMs(), isEnd)) {
      const where = from === undefined ? {} : { from };
      this.note(actions.refusals, { outcome: "refused", ...where, count });
    }
  }

  async close(): Promise<void> {
    clearInterval(this.#look);
    this.#tellRefusals(true);
    await this.log.close();
  }
}
