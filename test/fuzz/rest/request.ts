import { Agent, request as send } from "node:http";

/** A request as it goes over the wire. */
export interface RestRequest {
  readonly method: string;
  /** Path and query, encoded. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  /** The body as text; lone surrogates in it become what UTF-8 has for them. */
  readonly body: string | undefined;
}

/** What came back. */
export interface RestAnswer {
  readonly status: number;
  readonly text: string;
  /** The parsed text; `undefined` when it is no JSON. */
  readonly json: { readonly result?: unknown; readonly status?: unknown } | undefined;
}

const TIMEOUT_MS = 30_000;
const agent = new Agent({ keepAlive: true, maxSockets: 4 });

function parsed(text: string): RestAnswer["json"] {
  try {
    return JSON.parse(text) as RestAnswer["json"];
  } catch {
    return undefined;
  }
}

/** Asks a server on this machine. Rejects when it does not answer. */
export function ask(port: number, { method, path, headers, body }: RestRequest): Promise<RestAnswer> {
  return new Promise((resolve, reject) => {
    const bytes = body === undefined ? undefined : Buffer.from(body);
    const sent = send(
      {
        agent,
        port,
        host: "127.0.0.1",
        method,
        path,
        headers: {
          ...(bytes === undefined ? {} : { "content-type": "application/json", "content-length": bytes.byteLength }),
          ...headers,
        },
      },
      (response) => {
        const parts: Buffer[] = [];
        response.on("data", (part: Buffer) => parts.push(part));
        response.on("error", reject);
        response.on("end", () => {
          const text = Buffer.concat(parts).toString();
          resolve({ status: response.statusCode ?? 0, text, json: parsed(text) });
        });
      },
    );
    sent.setTimeout(TIMEOUT_MS, () => sent.destroy(new Error(`no answer within ${TIMEOUT_MS} ms`)));
    sent.on("error", reject);
    sent.end(bytes);
  });
}

/** A text as a segment of a path or a value of a query: every byte that is not plain is escaped, halves of pairs as their three bytes. */
export function escaped(text: string): string {
  let result = "";
  for (const character of text) {
    const code = character.codePointAt(0) as number;
    if (code >= 0xd800 && code <= 0xdfff) {
      const bytes = [0xe0 | (code >> 12), 0x80 | ((code >> 6) & 0x3f), 0x80 | (code & 0x3f)];
      result += bytes.map((byte) => `%${byte.toString(16)}`).join("");
    } else result += encodeURIComponent(character);
  }
  // a segment of dots alone would be another path
  return /^\.+$/.test(result) ? result.replaceAll(".", "%2e") : result;
}

/** JSON with 64-bit integers as such. Other numbers and texts as `JSON.stringify` has them. */
export function toJson(value: unknown): string {
  const { rawJSON } = JSON as unknown as { rawJSON(text: string): unknown };
  return (
    JSON.stringify(value, (_, item: unknown) => (typeof item === "bigint" ? rawJSON(String(item)) : item)) ?? "null"
  );
}
