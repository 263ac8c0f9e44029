/** Own operations that are durable and not sent yet: consecutive rows of one shard. */
export interface OwnRows {
  readonly shard: string;
  readonly firstSequence: number;
  readonly rows: readonly Uint8Array[];
}

/** The same rows in fewer pieces: what waited together is packed, flushed and acknowledged together. */
export function joined(pieces: readonly OwnRows[]): OwnRows[] {
  const runs: { readonly shard: string; readonly firstSequence: number; readonly rows: Uint8Array[] }[] = [];
  for (const { shard, firstSequence, rows } of pieces) {
    const last = runs.at(-1);
    if (last?.shard === shard && last.firstSequence + last.rows.length === firstSequence)
      for (const row of rows) last.rows.push(row);
    else runs.push({ shard, firstSequence, rows: [...rows] });
  }
  return runs;
}
