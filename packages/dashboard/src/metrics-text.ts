/** One value of a metric. */
export interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

const LINE = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})?\s+(\S+)(?:\s+-?\d+)?$/;
const LABEL = /([a-zA-Z_]\w*)="((?:[^"\\]|\\.)*)"/g;
const SPECIAL: Readonly<Record<string, number>> = { NaN: Number.NaN, "+Inf": Infinity, "-Inf": -Infinity };

const unescaped = (text: string) => text.replace(/\\(.)/g, (_, one: string) => (one === "n" ? "\n" : one));

/** Reads Prometheus's text format (version 0.0.4). Lines that are none of it are passed over. */
export function readMetrics(text: string): Sample[] {
  const samples: Sample[] = [];
  for (const line of text.split("\n")) {
    if (line === "" || line.startsWith("#")) continue;
    const [, name, labelled = "", number = ""] = LINE.exec(line) ?? [];
    if (name === undefined) continue;
    const value = SPECIAL[number] ?? Number(number);
    const labels = Object.fromEntries(
      Array.from(labelled.matchAll(LABEL), ([, label = "", of = ""]) => [label, unescaped(of)]),
    );
    samples.push({ name, labels, value });
  }
  return samples;
}
