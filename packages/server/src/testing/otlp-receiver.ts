import { createServer, type IncomingMessage, type Server } from "node:http";
import { createRequire } from "node:module";
import type { AddressInfo } from "node:net";

// The messages of the protocol as protobufjs makes them of its own definitions: nothing of it is what the exporter writes with.
interface Any {
  readonly stringValue?: string;
  readonly intValue?: number | { readonly low: number; readonly high: number };
  readonly doubleValue?: number;
  readonly boolValue?: boolean;
}

interface KeyValue {
  readonly key: string;
  readonly value: Any;
}

interface DecodedSpan {
  readonly traceId: Uint8Array;
  readonly spanId: Uint8Array;
  readonly parentSpanId: Uint8Array | null;
  readonly name: string;
  readonly kind: number;
  readonly startTimeUnixNano: { toString(): string };
  readonly endTimeUnixNano: { toString(): string };
  readonly attributes: readonly KeyValue[];
  readonly status?: { readonly code?: number; readonly message?: string };
}

interface TraceRequest {
  readonly resourceSpans: readonly {
    readonly resource: { readonly attributes: readonly KeyValue[] };
    readonly scopeSpans: readonly { readonly spans: readonly DecodedSpan[] }[];
  }[];
}

interface Protocol {
  readonly opentelemetry: {
    readonly proto: {
      readonly collector: {
        readonly trace: {
          readonly v1: { readonly ExportTraceServiceRequest: { decode(bytes: Uint8Array): TraceRequest } };
        };
      };
    };
  };
}

const protocol = createRequire(import.meta.url)("otlp-protocol/build/src/generated/root.js") as Protocol;
const { ExportTraceServiceRequest } = protocol.opentelemetry.proto.collector.trace.v1;

/** A span as it was received. */
export interface ReceivedSpan {
  readonly traceId: string;
  readonly spanId: string;
  /** "": none. */
  readonly parentId: string;
  readonly name: string;
  /** 1 internal, 2 server, 5 consumer. */
  readonly kind: number;
  readonly startMs: number;
  readonly endMs: number;
  readonly attributes: { readonly [name: string]: string | number | boolean | undefined };
  /** Of who has sent it. */
  readonly resource: { readonly [name: string]: string | number | boolean | undefined };
  readonly isError: boolean;
}

const hex = (bytes: Uint8Array | null) => Buffer.from(bytes ?? []).toString("hex");
const ms = (nanos: { toString(): string }) => Number(BigInt(nanos.toString()) / 1_000n) / 1_000;

function plainOf({ stringValue, intValue, doubleValue, boolValue }: Any): string | number | boolean | undefined {
  if (typeof stringValue === "string") return stringValue;
  if (typeof doubleValue === "number") return doubleValue;
  if (intValue !== undefined && intValue !== null) return Number(String(intValue));
  return boolValue;
}

const named = (attributes: readonly KeyValue[]) =>
  Object.fromEntries(attributes.map(({ key, value }) => [key, plainOf(value)]));

function spansIn(bytes: Uint8Array): ReceivedSpan[] {
  return ExportTraceServiceRequest.decode(bytes).resourceSpans.flatMap(({ resource, scopeSpans }) =>
    scopeSpans.flatMap(({ spans }) =>
      spans.map((span) => ({
        traceId: hex(span.traceId),
        spanId: hex(span.spanId),
        parentId: hex(span.parentSpanId),
        name: span.name,
        kind: span.kind,
        startMs: ms(span.startTimeUnixNano),
        endMs: ms(span.endTimeUnixNano),
        attributes: named(span.attributes),
        resource: named(resource.attributes),
        isError: span.status?.code === 2,
      })),
    ),
  );
}

/** Takes traces by OTLP over HTTP, as a collector does, or does not. */
export class OtlpReceiver {
  /** accept: takes them. refuse: answers 400. hang: never answers. */
  mode: "accept" | "refuse" | "hang" = "accept";
  readonly spans: ReceivedSpan[] = [];
  readonly headers: IncomingMessage["headers"][] = [];
  /** What could not be decoded, or went elsewhere. */
  readonly mistakes: string[] = [];
  readonly #server: Server;

  private constructor() {
    this.#server = createServer((request, response) => {
      const pieces: Buffer[] = [];
      request.on("data", (piece: Buffer) => pieces.push(piece));
      request.on("end", () => {
        this.headers.push(request.headers);
        if (this.mode === "hang") return;
        if (this.mode === "refuse") {
          response.writeHead(400).end();
          return;
        }
        const { "content-type": type } = request.headers;
        if (request.url !== "/v1/traces" || type !== "application/x-protobuf") {
          this.mistakes.push(`${request.url} ${type}`);
        }
        try {
          this.spans.push(...spansIn(Buffer.concat(pieces)));
        } catch (error) {
          this.mistakes.push(String(error));
        }
        response.writeHead(200, { "content-type": "application/x-protobuf" }).end();
      });
    });
  }

  static async start(): Promise<OtlpReceiver> {
    const receiver = new OtlpReceiver();
    await new Promise<void>((resolve) => receiver.#server.listen(0, "127.0.0.1", resolve));
    return receiver;
  }

  get address(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}
