import { clearScreenDown, moveCursor } from "node:readline";
import { quantile } from "./regions-load.mjs";

const COLUMNS = ["region", "points", "behind", "writes/s", "query p50", "p99 ms", "points digest", "graph digest"];

const shown = (value, decimals = 1) => (value === undefined ? "" : value.toFixed(decimals));

function aligned(rows) {
  const widths = COLUMNS.map((_, column) => Math.max(...rows.map((row) => row[column].length)));
  return rows.map((row) => row.map((cell, column) => cell.padStart(widths[column])).join("  "));
}

/**
 * A table on stderr: drawn over itself in a terminal, elsewhere once, at the end of its phase; nothing when it is quiet. `end` puts the
 * verdict below it.
 */
export function liveTable(isQuiet) {
  const stream = process.stderr;
  if (isQuiet) return { show() {}, end() {} };
  const isLive = stream.isTTY === true;
  let [drawn, lastTitle, lines] = [0, "", []];
  return {
    show: (title, regions) => {
      if (title !== lastTitle) drawn = 0;
      lastTitle = title;
      const rows = regions.map(({ name, isCut, digest, behind, writesPerSecond, queryMs }) => [
        isCut ? `${name} (cut off)` : name,
        String(digest?.points ?? ""),
        String(behind),
        shown(writesPerSecond, 0),
        shown(quantile(queryMs, 0.5)),
        shown(quantile(queryMs, 0.99)),
        digest?.points_digest.slice(0, 12) ?? "",
        digest?.graph_digest.slice(0, 12) ?? "",
      ]);
      lines = [title, ...aligned([COLUMNS, ...rows]).map((line) => `  ${line}`)];
      if (!isLive) return;
      if (drawn > 0) {
        moveCursor(stream, 0, -drawn);
        clearScreenDown(stream);
      }
      stream.write(`${lines.join("\n")}\n`);
      drawn = lines.length;
    },
    end: (verdict) => {
      drawn = 0;
      stream.write(`${[...(isLive ? [] : lines), ...verdict.map((line) => `  ${line}`), ""].join("\n")}\n`);
    },
  };
}

const regionsIn = (figures) => Object.entries(figures).filter(([, figure]) => typeof figure === "object");

/** What a phase came to: did every region answer, and as often as it was asked to? */
export function phaseVerdict(figures, { writes, queries }) {
  const regions = regionsIn(figures);
  const failed = regions.filter(([, figure]) => figure.failed > 0);
  const slow = regions.filter(([, { keeps_rate: keepsRate }]) => !keepsRate);
  const lines = [
    failed.length === 0
      ? "OK: every region answered all writes and searches"
      : `NOT OK: ${failed.map(([name, figure]) => `${figure.failed} failed in ${name}`).join(", ")}`,
  ];
  if (slow.length > 0) {
    const rates = slow.map(([name, one]) => `${name} ${one.writes_per_s} and ${one.queries_per_s}`).join(", ");
    lines.push(`this machine is too slow for ${writes} writes/s and ${queries} searches/s in each region: ${rates}`);
  }
  return lines;
}

/** What the cut came to: both sides have gone their own ways. */
export function partedVerdict(cutOff, { has_parted: hasParted, cut_off: alone, others, ...missing }) {
  const lacks = `${cutOff} lacks ${missing.operations_missing_in_cut_off} operations of the others, they lack ${missing.operations_missing_elsewhere} of its`;
  const digests = (name, one) =>
    `  ${name.padEnd(10)} ${one.points} points, points ${one.points_digest.slice(0, 12)}, graph ${one.graph_digest.slice(0, 12)}`;
  return [
    hasParted
      ? `OK: data and graph of ${cutOff} and of the others have parted; ${lacks}`
      : `NOT OK: the digests of ${cutOff} and of the others should have parted; ${lacks}`,
    digests(cutOff, alone),
    digests("the others", others),
  ];
}

function phase(title, figures) {
  const lines = regionsIn(figures).map(([name, { writes, failed, why, ...searches }]) => {
    const failures = failed === 0 ? "none failed" : `${failed} failed${why === undefined ? "" : ` (${why})`}`;
    return `  ${name}  ${writes} writes, ${failures}; searches ${searches.query_p50_ms} ms, p99 ${searches.query_p99_ms} ms${searches.keeps_rate ? "" : "; too slow for the rate that was asked for"}`;
  });
  return [title, ...lines];
}

/** What was looked at of regions that are secured. */
function securedVerdict({ findings }) {
  if (findings.length > 0) return ["Secured: NOT OK", ...findings.map((finding) => `  ${finding}`)];
  return [
    "Secured: OK: TLS and keys let nobody else in, no payload stands on a disk in the clear, and every",
    "  acknowledged write stands in an audit log that is intact",
  ];
}

/** The figures as text. */
export function regionsReport(result) {
  const { loading, together, apart, parted, digest } = result;
  const cutOff = apart.cut_off;
  const isEqual = result.differing_answers === 0;
  return [
    `Three regions, ${Object.entries(result.round_trips_ms)
      .map(([ends, ms]) => `${ends.replace(" ", "–")} ${ms} ms`)
      .join(", ")}`,
    `10,000 words written from all three at once in ${loading.loaded_s} s, the same everywhere after ${loading.equal_after_s} s`,
    ...phase("All connected", together),
    ...phase(`${cutOff} cut off`, apart),
    ...partedVerdict(cutOff, parted).map((line) => `  ${line}`),
    `Healed: equal after ${result.equal_after_heal_s} s, ${digest.points} points${result.has_moved ? "" : ", but NOT OK: as after loading"}`,
    `  points ${digest.points_digest}`,
    `  graph  ${digest.graph_digest}`,
    `  ${result.compared_answers} searches asked of all three: ${
      isEqual ? "OK: the same bytes from each" : `NOT OK: ${result.differing_answers} differ`
    }`,
    ...(result.secured === undefined ? [] : securedVerdict(result.secured)),
  ].join("\n");
}
