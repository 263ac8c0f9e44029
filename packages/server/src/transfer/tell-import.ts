import { printJson } from "@murmuration/index";
import type { Progress } from "./import-state.js";
import type { ImportPlan } from "./plan-import.js";
import { describeRejected } from "./rejected-rows.js";
import type { ImportReport } from "./run-import.js";
import type { SourceFacts } from "./source.js";

const COLUMNS_SHOWN = 50;

/** A text on one line of a terminal: nothing in it moves the cursor. */
export const onOneLine = (text: string, charactersMax = 2_000) =>
  text
    .slice(0, charactersMax)
    .toWellFormed()
    .replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, "\ufffd");

const oneLine = (text: string) => onOneLine(text, 200);

/** What an import is about to do, in words. */
export function describePlan(
  source: SourceFacts,
  plan: ImportPlan,
  collection: string,
  from: Progress | undefined,
): string {
  const { columns, layout, create } = plan;
  const rows = source.total === undefined ? "" : `, ${source.total} rows`;
  const lines = [`${oneLine(source.name)} (${source.format}${rows}) to collection ${oneLine(collection)}`];
  const width = Math.min(40, Math.max(0, ...columns.map(({ column }) => oneLine(column).length)));
  for (const { column, is, types, missing } of columns.slice(0, COLUMNS_SHOWN)) {
    const kinds = types.length === 0 ? "nothing" : types.join(" or ");
    lines.push(`  ${oneLine(column).padEnd(width)}  ${is}: ${kinds}${missing === 0 ? "" : `, missing in ${missing}`}`);
  }
  if (columns.length > COLUMNS_SHOWN) lines.push(`  and ${columns.length - COLUMNS_SHOWN} columns more`);
  if (layout.id === undefined) lines.push("  ids: the numbers of the rows");
  for (const note of source.notes ?? []) lines.push(`  note: ${oneLine(note)}`);
  for (const what of source.leftOut ?? []) lines.push(`  left behind: ${oneLine(what)}`);
  if (create !== undefined) lines.push(`  the collection is made: ${oneLine(printJson(create.create))}`);
  if (from !== undefined) lines.push(`  goes on behind row ${from.position.rows}`);
  return `${lines.join("\n")}\n`;
}

/** What became of it, in words. */
export function describeReport(report: ImportReport): string {
  const { rows, written, put_aside, put_aside_in, first_wrong_rows, dry_run, seconds, rows_per_second } = report;
  const did = dry_run ? "would be written" : "written";
  const lines = [`${written} of ${rows} rows ${did} in ${seconds.toFixed(1)} s (${rows_per_second} rows/s)`];
  if (put_aside > 0)
    lines.push(`${put_aside} rows are wrong${put_aside_in === null ? "" : `, put aside in ${oneLine(put_aside_in)}`}:`);
  for (const row of first_wrong_rows) lines.push(`  ${oneLine(describeRejected(row))}`);
  if (put_aside > first_wrong_rows.length && first_wrong_rows.length > 0) lines.push("  …");
  return `${lines.join("\n")}\n`;
}
