import type { ReceivedSpan } from "@murmuration/server/testing/otlp-receiver";

/** A trace as text: a line for each span, what is a part of another one behind it; when it began, after the first, and how long it took. */
export function traceTree(spans: readonly ReceivedSpan[]): string {
  const beganMs = Math.min(...spans.map(({ startMs }) => startMs));
  const ids = new Set(spans.map(({ spanId }) => spanId));
  const lines: string[] = [];
  const put = (span: ReceivedSpan, depth: number): void => {
    const place = depth === 0 || span.kind !== 1 ? ` · ${span.resource["murmur.region"] ?? "?"}` : "";
    const name = `${"  ".repeat(depth)}${span.name}${place}`;
    const at = `+${(span.startMs - beganMs).toFixed(1)} ms`;
    lines.push(`${name.padEnd(64)}${at.padStart(12)}${`${(span.endMs - span.startMs).toFixed(2)} ms`.padStart(12)}`);
    const parts = spans.filter(({ parentId }) => parentId === span.spanId);
    for (const part of parts.sort((a, b) => a.startMs - b.startMs)) put(part, depth + 1);
  };
  for (const span of spans) if (!ids.has(span.parentId)) put(span, 0);
  return lines.join("\n");
}
