import type { Catalogue, Collection, Member } from "./collection.js";

/** What tells a catalogue from the one before it: as large as what has changed. */
export interface CatalogueDelta {
  /** Collections that are new or changed. */
  readonly collections: readonly Collection[];
  /** Ids of those that are gone. */
  readonly dropped: readonly string[];
  /** Alias and collection id of those that are new or lead elsewhere. */
  readonly aliases: readonly (readonly [alias: string, id: string])[];
  readonly droppedAliases: readonly string[];
  /** All of them, when one has changed. */
  readonly members?: readonly Member[];
  /** All of them, and all receipts, when there are others than before. */
  readonly erasures?: Pick<Catalogue, "erasures" | "receipts">;
}

type Named<Value> = { readonly [name: string]: Value };

/** `before` and `after` are of one document: what did not change is the same object in both. */
export function catalogueDelta(before: Catalogue, after: Catalogue): CatalogueDelta {
  const isSame = (members: readonly Member[]) =>
    members.length === after.members.length && members.every((member, i) => member === after.members[i]);
  return {
    collections: Object.values(after.collections).filter((one) => before.collections[one.id] !== one),
    dropped: Object.keys(before.collections).filter((id) => after.collections[id] === undefined),
    aliases: Object.entries(after.aliases).filter(([alias, id]) => valueAt(before.aliases, alias) !== id),
    droppedAliases: Object.keys(before.aliases).filter((alias) => valueAt(after.aliases, alias) === undefined),
    ...(isSame(before.members) ? {} : { members: after.members }),
    ...(erasuresIn(before) === erasuresIn(after) ? {} : { erasures: withErasures(after) }),
  };
}

/** What tells them apart: each is written once. */
function erasuresIn({ erasures = [], receipts = [] }: Catalogue): string {
  return [...erasures.map(({ id }) => id), ...receipts.map((one) => `${one.erasure} ${one.replica}`)].join();
}

function withErasures({ erasures = [], receipts = [] }: Pick<Catalogue, "erasures" | "receipts">) {
  return erasures.length === 0 ? {} : { erasures, receipts };
}

/** The catalogue after a delta. What did not change stays the same object; its maps have no prototype. */
export function withDelta(catalogue: Catalogue, delta: CatalogueDelta): Catalogue {
  return Object.freeze({
    collections: changed(
      catalogue.collections,
      delta.collections.map((one) => [one.id, one] as const),
      delta.dropped,
    ),
    aliases: changed(catalogue.aliases, delta.aliases, delta.droppedAliases),
    members: delta.members ?? catalogue.members,
    ...withErasures(delta.erasures ?? catalogue),
  });
}

function valueAt<Value>(map: Named<Value>, name: string): Value | undefined {
  return Object.hasOwn(map, name) ? map[name] : undefined;
}

/** In the order of names, as a catalogue's own maps are. */
function changed<Value>(
  map: Named<Value>,
  entries: readonly (readonly [string, Value])[],
  dropped: readonly string[],
): Named<Value> {
  if (entries.length === 0 && dropped.length === 0) return map;
  const all = new Map(Object.entries(map));
  const isNew = entries.some(([name]) => !all.has(name));
  for (const [name, value] of entries) all.set(name, value);
  for (const name of dropped) all.delete(name);
  const ordered = isNew ? [...all].sort(([a], [b]) => (a < b ? -1 : 1)) : all;
  const made: { [name: string]: Value } = Object.create(null);
  for (const [name, value] of ordered) made[name] = value;
  return Object.freeze(made);
}
