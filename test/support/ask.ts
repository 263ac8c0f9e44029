import { Agent, request } from "node:https";

/** What a client of a server with TLS and keys has. */
export interface Trust {
  /** PEM of who signed the server's certificate. */
  readonly ca: string;
  readonly apiKey: string;
}

/** A request. */
export interface Asked {
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  readonly timeoutMs?: number;
}

/** Its answer, as it came. */
export interface Told {
  readonly status: number;
  readonly text: string;
  header(name: string): string | undefined;
}

const agents = new Map<string, Agent>();

/** Connections of those who believe this authority, kept between requests. */
function agentFor({ ca }: Trust): Agent {
  let agent = agents.get(ca);
  if (agent === undefined) agents.set(ca, (agent = new Agent({ ca, keepAlive: true, scheduling: "lifo" })));
  return agent;
}

async function askOpenly(url: string, method: string, asked: Asked, body: string | undefined): Promise<Told> {
  const { headers = {}, timeoutMs } = asked;
  const type = body === undefined ? {} : { "content-type": "application/json" };
  const response = await fetch(url, {
    method,
    headers: { ...type, ...headers },
    ...(body === undefined ? {} : { body }),
    ...(timeoutMs === undefined ? {} : { signal: AbortSignal.timeout(timeoutMs) }),
  });
  return {
    status: response.status,
    text: await response.text(),
    header: (name) => response.headers.get(name) ?? undefined,
  };
}

function askSecurely(url: string, method: string, asked: Asked, body: string | undefined, trust: Trust): Promise<Told> {
  const { headers = {}, timeoutMs } = asked;
  const type =
    body === undefined ? {} : { "content-type": "application/json", "content-length": String(Buffer.byteLength(body)) };
  return new Promise((resolve, reject) => {
    const signal = timeoutMs === undefined ? {} : { signal: AbortSignal.timeout(timeoutMs) };
    const all = { ...type, "api-key": trust.apiKey, ...headers };
    const sent = request(url, { method, agent: agentFor(trust), headers: all, ...signal }, (answer) => {
      let text = "";
      answer.setEncoding("utf8").on("data", (piece: string) => {
        text += piece;
      });
      answer.on("error", reject);
      answer.on("end", () => {
        const header = (name: string) => answer.headers[name]?.toString();
        resolve({ status: answer.statusCode ?? 0, text, header });
      });
    });
    sent.on("error", reject).end(body);
  });
}

/** Asks a server; where there is `trust`, by TLS and with its key. Throws where there is no answer. */
export function askServer(url: string, method: string, asked: Asked = {}, trust?: Trust): Promise<Told> {
  const body = asked.body === undefined ? undefined : JSON.stringify(asked.body);
  return trust === undefined ? askOpenly(url, method, asked, body) : askSecurely(url, method, asked, body, trust);
}
