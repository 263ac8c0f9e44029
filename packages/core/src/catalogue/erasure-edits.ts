import { assert, type Json, MurmurationError } from "@murmuration/index";
import { limits } from "../limits.js";
import type { BeginErasure, ConfirmErasures } from "./catalogue-command.js";
import type { Catalogue } from "./collection.js";
import { type Erasure, erasureKey, isErasureId, problemOfAsker, receiptKey } from "./erasure.js";
import { requireLeaf } from "./leaf-text.js";
import { resolveCollection } from "./resolve.js";
import { type StoredCatalogue, storedJson } from "./stored-catalogue.js";

/** Has every active member said that it has nothing of it any more; where a replica is alone: has anybody? */
export function isErased(catalogue: Catalogue, erasure: string): boolean {
  const done = new Set((catalogue.receipts ?? []).filter((one) => one.erasure === erasure).map((one) => one.replica));
  const active = catalogue.members.filter(({ state }) => state === "active");
  return done.size > 0 && active.every(({ id }) => done.has(id));
}

/** Where there are as many as are kept, the oldest that is over makes room. */
export function beginErasure(catalogue: Catalogue, command: BeginErasure, id: string) {
  const { id: collection, name } = resolveCollection(catalogue, command.collection);
  assert(isErasureId(id), "the id of a new erasure is that of its operation");
  const problem = problemOfAsker(command.by);
  if (problem !== undefined) throw new MurmurationError("validation", problem, "by");
  const before = catalogue.erasures ?? [];
  let goes: Erasure | undefined;
  if (before.length >= limits.erasuresMax) {
    goes = before.find((one) => isErased(catalogue, one.id));
    if (goes === undefined) {
      throw new MurmurationError("capacity", `there are at most ${limits.erasuresMax} erasures that are not over`);
    }
  }
  const { points, through, by, askedMs } = command;
  const leaf = { collection, name, points, through: [...through].sort(([a], [b]) => a - b), by, askedMs };
  return (stored: StoredCatalogue) => {
    if (goes !== undefined) {
      delete stored[erasureKey(goes.id)];
      for (const { erasure, replica } of catalogue.receipts ?? [])
        if (erasure === goes.id) delete stored[receiptKey(erasure, replica)];
    }
    stored[erasureKey(id)] = storedJson(leaf as unknown as Json);
  };
}

/** A receipt that is there is left as it is. */
export function confirmErasures(catalogue: Catalogue, { replica, atMs, erasures, done }: ConfirmErasures) {
  requireLeaf({ atMs, done }, "done");
  const known = new Set((catalogue.receipts ?? []).map((one) => receiptKey(one.erasure, one.replica)));
  for (const id of erasures) {
    const isThere = catalogue.erasures?.some((one) => one.id === id) === true;
    if (!isThere) throw new MurmurationError("not-found", `there is no erasure ${id}`, "id");
  }
  return (stored: StoredCatalogue) => {
    for (const id of erasures) {
      const key = receiptKey(id, replica);
      if (!known.has(key)) stored[key] = storedJson({ atMs, done });
    }
  };
}
