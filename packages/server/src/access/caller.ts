import { type Access, manageAll, nothing } from "./rights.js";

/** Who calls, and what they may do. */
export interface Caller {
  readonly access: Access;
  /** How they have shown it; nobody: they had to show nothing. */
  readonly by: "nobody" | "key" | "read-only key" | "token" | "replica";
  /** Whom the token was made for, as it says. */
  readonly subject: string | undefined;
  /** Of the key: as its file names it, else what tells it from others. */
  readonly name?: string;
}

/** Whoever calls a server without keys. */
export const anybody: Caller = { access: manageAll, by: "nobody", subject: undefined };
/** Whoever calls, without a key, what needs none on a server that has keys. */
export const nobody: Caller = { access: nothing, by: "nobody", subject: undefined };
