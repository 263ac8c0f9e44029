/** A part of the time that the server took. */
export interface TimedPart {
  readonly name: string;
  readonly ms: number;
  readonly description: string | undefined;
}

/** `name;dur=1.5;desc="text"`, as the W3C's Server Timing has it. */
const METRIC = /([!#$%&'*+.^_`|~\w-]+)((?:\s*;\s*[\w-]+\s*=\s*(?:"(?:[^"\\]|\\.)*"|[^\s,;"]+))*)/g;
const PARAMETER = /;\s*([\w-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,;"]+))/g;

/** Reads the header Server-Timing; parts without a duration are left out. */
export function readServerTiming(header: string | null): readonly TimedPart[] {
  const parts: TimedPart[] = [];
  for (const [, name = "", parameters = ""] of (header ?? "").matchAll(METRIC)) {
    let ms: number | undefined;
    let description: string | undefined;
    for (const [, key, quoted, plain] of parameters.matchAll(PARAMETER)) {
      const value = quoted?.replace(/\\(.)/g, "$1") ?? plain ?? "";
      if (key?.toLowerCase() === "dur" && ms === undefined) ms = Number(value);
      if (key?.toLowerCase() === "desc") description ??= value;
    }
    if (ms !== undefined && Number.isFinite(ms)) parts.push({ name, ms, description });
  }
  return parts;
}

const words: Readonly<Record<string, string>> = {
  parse: "read and check the request",
  wait: "wait for a thread, another region or a token",
  filter: "find what the filter lets through",
  walk: "find the nearest",
  rerank: "rank again by whole vectors",
  fetch: "fetch payloads and vectors",
  plan: "plan the write and its edges",
  append: "append to the log, durably",
  publish: "publish to readers",
  render: "print the answer",
};

/** What a part of the server's time went to. */
function partWords({ name, description }: TimedPart): string {
  const said = words[name] ?? name;
  return description === undefined ? said : `${said} (${description})`;
}

/** A span of time on the way of a request, in milliseconds from its beginning. */
export interface Span {
  readonly title: string;
  readonly from: number;
  readonly ms: number;
  readonly isServer: boolean;
}

/** What a request's time is known of. */
export interface Times {
  /** From the request's start until its last byte was here. */
  readonly tookMs: number;
  /** From the start until the first byte of the answer was here, where the browser tells. */
  readonly firstByteMs: number | undefined;
  readonly parts: readonly TimedPart[];
}

/**
 * The way of a request: sent, the server's parts one after the other, received. What the server does not account for, and the network with it, is the time "on the way".
 */
export function spansOf({ tookMs, firstByteMs, parts }: Times): readonly Span[] {
  const whole = parts.find(({ name }) => name === "total");
  const own = parts.filter(({ name }) => name !== "total");
  const serverMs = Math.min(whole?.ms ?? own.reduce((sum, { ms }) => sum + ms, 0), tookMs);
  const firstMs = Math.min(Math.max(firstByteMs ?? tookMs, serverMs), tookMs);
  const spans: Span[] = [];
  const before = (firstMs - serverMs) / 2;
  if (parts.length > 0) {
    let from = before;
    for (const part of own) {
      spans.push({ title: partWords(part), from, ms: part.ms, isServer: true });
      from += part.ms;
    }
    const rest = before + serverMs - from;
    if (rest > 0.0005) spans.push({ title: "between these", from, ms: rest, isServer: true });
  }
  const wayMs = firstMs - serverMs;
  spans.unshift({
    title: parts.length > 0 ? "on the way, and in the browser's queue" : "until the first byte",
    from: 0,
    ms: wayMs,
    isServer: false,
  });
  if (firstByteMs !== undefined)
    spans.push({ title: "receive the answer", from: firstMs, ms: tookMs - firstMs, isServer: false });
  return spans;
}
