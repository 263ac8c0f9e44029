import { styleText } from "node:util";

const onTerminal = process.stdout.isTTY === true && !process.env.NO_COLOR;
const style = (format, text) => (onTerminal ? styleText(format, text) : text);
const number = new Intl.NumberFormat("en-US", { maximumFractionDigits: 0 });

const text = ({ word, score }) => `${word} ${score.toFixed(3)}`;

/** Rows of `[label, hits]`, in columns. */
function table(rows) {
  const labelWidth = Math.max(...rows.map(([label]) => label.length));
  const cellWidth = Math.max(...rows.flatMap(([, hits]) => hits.map((hit) => text(hit).length)));
  const cell = (hit) => {
    const padding = " ".repeat(cellWidth - text(hit).length);
    return `${hit.word} ${style("dim", hit.score.toFixed(3))}${padding}`;
  };
  return rows.map(([label, hits]) => `  ${label.padEnd(labelWidth)}  ${hits.map(cell).join("  ").trimEnd()}`);
}

function heading(text) {
  return ["", style("bold", text)];
}

function facts(rows) {
  const width = Math.max(...rows.map(([label]) => label.length));
  return rows.map(([label, value]) => `  ${label.padEnd(width)}  ${value}`);
}

const SHOWN_LENGTH = 88;
const shortened = (text) => (text.length > SHOWN_LENGTH ? `${text.slice(0, SHOWN_LENGTH - 1)}…` : text);

/** What was found in the pages, by meaning and words together. */
function documentLines({ points, answers, groups, facets }) {
  const lines = heading(
    `${number.format(points)} paragraphs of this project's pages, by meaning and by words (bm25), fused by rrf`,
  );
  for (const { question, filter, found } of answers) {
    lines.push(`  ${question}${filter === undefined ? "" : ` (only on the page ${filter.must[0].match.value})`}`);
    for (const { page, text } of found) lines.push(`    ${style("dim", page)}  ${shortened(text)}`);
  }
  lines.push(`  ${groups.question}: the best of each page`);
  for (const { id, text } of groups.found) lines.push(`    ${style("dim", id)}  ${shortened(text)}`);
  lines.push(`  paragraphs by page: ${facets.hits.map(({ value, count }) => `${value} ${count}`).join(", ")}, …`);
  return lines;
}

/** The report of a demonstration as text for people. */
export function demoReport({
  points,
  dimensions,
  load,
  nearest,
  analogies,
  filtered,
  documents,
  latency,
  recall,
  digest,
  server,
}) {
  const lines = [
    style("bold", `${number.format(points)} English words, ${dimensions} dimensions, cosine`),
    ...heading("Nearest words"),
    ...table(nearest.map((row) => [row.word, row.nearest])),
    ...heading("Sums of words"),
    ...table(analogies.map((row) => [`${row.plus[0]} - ${row.minus[0]} + ${row.plus[1]}`, row.nearest])),
    ...heading("Nearest words that…"),
    ...table(filtered.map((row) => [`${row.word}: ${row.that}`, row.nearest])),
    ...documentLines(documents),
    ...heading("Measured through the client"),
    ...facts([
      [
        "load",
        `${number.format(load.pointsPerSecond)} points/s (${load.seconds.toFixed(1)} s, batches of ${load.batchSize})`,
      ],
      [
        "query",
        `p50 ${latency.p50Ms.toFixed(2)} ms, p99 ${latency.p99Ms.toFixed(2)} ms (${latency.queries} queries, one by one)`,
      ],
      [`recall@${recall.at}`, `${(recall.recall * 100).toFixed(2)} % (${recall.queries} queries against exact search)`],
    ]),
    ...heading("Digest: equal on every replica that holds the same operations"),
    ...facts([
      ["points", digest.points_digest],
      ["graph", digest.graph_digest],
      [
        "frontier",
        Object.entries(digest.frontier)
          .map(([origin, sequence]) => `${origin}:${sequence}`)
          .join(" "),
      ],
    ]),
  ];
  if (server !== undefined) {
    lines.push(
      ...heading(`The server is still running at ${server.address}`),
      ...facts([
        ["data", server.folder],
        ["stop it", `kill ${server.pid}`],
      ]),
    );
  }
  return `${lines.join("\n")}\n`;
}
