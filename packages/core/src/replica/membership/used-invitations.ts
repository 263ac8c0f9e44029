import { limits } from "../../limits.js";
import type { OpLog } from "../../log/op-log.js";

/** Setting of the log: the invitations that were used, one a line: when it ends, its name, and by whom. */
const USED_SETTING = "cluster.invitations-used";

interface Use {
  readonly endsMs: number;
  readonly user: string;
}

/** Invitations of this member that were used, until they end. In the log before anybody is let in by them. */
export class UsedInvitations {
  readonly #log: OpLog;
  readonly #uses = new Map<string, Use>();

  constructor(log: OpLog) {
    this.#log = log;
    for (const line of (log.setting(USED_SETTING) ?? "").split("\n")) {
      const [ends = "", name = "", ...user] = line.split("\t");
      if (name !== "") this.#uses.set(name, { endsMs: Number(ends), user: user.join("\t") });
    }
  }

  /** Who has used an invitation. */
  userOf(name: string, nowMs: number): string | undefined {
    for (const [used, { endsMs }] of this.#uses) if (endsMs < nowMs) this.#uses.delete(used);
    return this.#uses.get(name)?.user;
  }

  /** Somebody uses an invitation. Returns false where too many are remembered. Throws what the log throws. */
  note(name: string, user: string, endsMs: number): boolean {
    if (this.#uses.size >= limits.invitationsUsedMax) return false;
    const uses = new Map(this.#uses).set(name, { endsMs, user });
    const text = [...uses].map(([used, use]) => `${use.endsMs}\t${used}\t${use.user}`).join("\n");
    this.#log.transaction((writer) => writer.putSetting(USED_SETTING, text));
    this.#uses.set(name, { endsMs, user });
    return true;
  }
}
