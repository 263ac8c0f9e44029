import type { Json, Space } from "@murmuration/index";

const NEIGHBOURS = 10;

/** Recall@10 of the default search against exact search, per vector, on stored vectors spread evenly over the slots. */
export function auditRecall(spaces: ReadonlyMap<string, Space>, samples: number): Json {
  const report: { [vector: string]: Json } = {};
  for (const [name, space] of spaces) {
    // others are searched exactly
    if (space.kind !== "dense") continue;
    const { reader } = space;
    const slots: number[] = [];
    for (let slot = 0; slot < reader.slotCount; slot++) if (reader.isVisible(slot)) slots.push(slot);
    const count = Math.min(samples, slots.length);
    let found = 0;
    let wanted = 0;
    for (let i = 0; i < count; i++) {
      const query = reader.vectorAt(slots[Math.floor((i * slots.length) / count)] as number);
      const exact = reader.search(query, { limit: NEIGHBOURS, exact: true });
      const { distances } = reader.search(query, { limit: NEIGHBOURS });
      // by distance, not by slot: among equal vectors any is right
      const farthest = exact.distances.at(-1) as number;
      found += distances.filter((distance) => distance <= farthest).length;
      wanted += exact.distances.length;
    }
    report[name] = { samples: count, recall_at_10: wanted === 0 ? 1 : found / wanted };
  }
  return report;
}
