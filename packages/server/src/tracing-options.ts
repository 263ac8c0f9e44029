import { type OptionRow, text } from "./option-row.js";

/** An address that traces are sent to. */
function endpoint(value: string): string {
  const url = URL.canParse(value) ? new URL(value) : undefined;
  const isHttp = url?.protocol === "http:" || url?.protocol === "https:";
  if (url !== undefined && isHttp && url.username === "" && url.password === "" && url.search === "") return value;
  throw new Error("must be an http or https address without a user and a query (http://127.0.0.1:4318)");
}

function share(value: string): number {
  const number = Number(value);
  if (/^(0|1|0?\.\d{1,9}|1\.0+)$/.test(value) && number >= 0 && number <= 1) return number;
  throw new Error("must be a number from 0 to 1");
}

/** Options of traces. */
export const tracingOptions: readonly OptionRow[] = [
  {
    name: "otlp-endpoint",
    key: "otlpEndpoint",
    placeholder: "address",
    description: "send traces there by OTLP over HTTP (http://127.0.0.1:4318); without it nothing is traced",
    defaultValue: "",
    parse: endpoint,
  },
  {
    name: "otlp-sample",
    key: "otlpSample",
    placeholder: "share",
    description:
      "of the traces that begin here so many are sent, 0 to 1; those that a client has begun go on as it says",
    defaultValue: 1,
    parse: share,
  },
  {
    name: "otlp-headers-file",
    key: "otlpHeadersFile",
    placeholder: "file",
    description: 'headers that are sent along, "name: value" a line; read again for each message',
    defaultValue: "",
    parse: text,
  },
];
