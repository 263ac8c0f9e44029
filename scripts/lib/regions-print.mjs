import { clearScreenDown, moveCursor } from "node:readline";
import { quantile } from "./regions-load.mjs";

const COLUMNS = ["region", "points", "behind", "writes/s", "query p50", "p99 ms", "points digest", "graph digest"];

const shown = (value, decimals = 1) => (value === undefined ? "" : value.toFixed(decimals));

function aligned(rows) {
  const widths = COLUMNS.map((_, column) => Math.max(...rows.map((row) => row[column].length)));
  return rows.map((row) => row.map((cell, column) => cell.padStart(widths[column])).join("  "));
}

/** A table on stderr that is drawn over itself; nothing where that is no terminal. */
export function liveTable(isQuiet) {
  const stream = process.stderr;
  if (isQuiet || stream.isTTY !== true) return { show() {}, end() {} };
  let [drawn, lastTitle] = [0, ""];
  return {
    show: (title, regions) => {
      if (title !== lastTitle) drawn = 0;
      lastTitle = title;
      if (drawn > 0) {
        moveCursor(stream, 0, -drawn);
        clearScreenDown(stream);
      }
      const rows = regions.map(({ name, digest, behind, writesPerSecond, queryMs }) => [
        name,
        String(digest?.points ?? ""),
        String(behind),
        shown(writesPerSecond, 0),
        shown(quantile(queryMs, 0.5)),
        shown(quantile(queryMs, 0.99)),
        digest?.points_digest.slice(0, 12) ?? "",
        digest?.graph_digest.slice(0, 12) ?? "",
      ]);
      const lines = [title, ...aligned([COLUMNS, ...rows]).map((line) => `  ${line}`)];
      stream.write(`${lines.join("\n")}\n`);
      drawn = lines.length;
    },
    end: () => {
      drawn = 0;
    },
  };
}

function phase(title, figures) {
  const lines = Object.entries(figures)
    .filter(([, figure]) => typeof figure === "object")
    .map(([name, { writes, failed, why, query_p50_ms: p50, query_p99_ms: p99 }]) => {
      const failures = failed === 0 ? "none failed" : `${failed} failed${why === undefined ? "" : ` (${why})`}`;
      return `  ${name}  ${writes} writes, ${failures}; searches ${p50} ms, p99 ${p99} ms`;
    });
  return [title, ...lines];
}

/** The figures as text. */
export function regionsReport(result) {
  const { loading, together, apart, digest } = result;
  const cutOff = apart.cut_off;
  return [
    `Three regions, ${Object.entries(result.round_trips_ms)
      .map(([ends, ms]) => `${ends.replace(" ", "–")} ${ms} ms`)
      .join(", ")}`,
    `10,000 words written from all three at once in ${loading.loaded_s} s, the same everywhere after ${loading.equal_after_s} s`,
    ...phase("All connected", together),
    ...phase(`${cutOff} cut off`, apart),
    `Healed with ${result.operations_behind_when_healed} operations missing in ${cutOff}: equal after ${result.equal_after_heal_s} s`,
    `  points ${digest.points_digest}`,
    `  graph  ${digest.graph_digest}`,
    `${result.compared_answers} searches asked of all three: ${
      result.differing_answers === 0 ? "the same bytes from each" : `${result.differing_answers} differ`
    }`,
  ].join("\n");
}
