import { useState } from "preact/hooks";
import { Data } from "./data.js";

/** Fields of one object or list that are shown before somebody asks for more. */
const FIELDS = 100;

type Container = readonly unknown[] | Readonly<Record<string, unknown>>;

const isContainer = (value: unknown): value is Container => typeof value === "object" && value !== null;

function Leaf({ value }: { readonly value: unknown }) {
  if (typeof value === "string") {
    return (
      <span class="json-string">
        "<Data text={value} />"
      </span>
    );
  }
  return <span class={`json-${value === null ? "null" : typeof value}`}>{String(value)}</span>;
}

function summary(value: Container): string {
  const size = Array.isArray(value) ? value.length : Object.keys(value).length;
  const [one, many] = Array.isArray(value) ? ["value", "values"] : ["field", "fields"];
  return `${size.toLocaleString("en")} ${size === 1 ? one : many}`;
}

interface FieldsProps {
  readonly value: Container;
  readonly depth: number;
  readonly openDepth: number;
}

function Fields({ value, depth, openDepth }: FieldsProps) {
  const [shown, setShown] = useState(FIELDS);
  const names = Array.isArray(value) ? undefined : Object.keys(value);
  const total = names?.length ?? (value as readonly unknown[]).length;
  const more = Math.min(total - shown, FIELDS * 10);
  const entries = Array.from({ length: Math.min(shown, total) }, (_, at): readonly [string, unknown] => {
    const name = names?.[at] ?? String(at);
    return [name, (value as Readonly<Record<string, unknown>>)[name]];
  });
  return (
    <ul class="json-fields">
      {entries.map(([name, one]) => (
        <li key={name}>
          <Node name={name} value={one} depth={depth + 1} isIndex={names === undefined} openDepth={openDepth} />
        </li>
      ))}
      {more > 0 ? (
        <li>
          <button type="button" class="link" onClick={() => setShown(shown + more)}>
            {`show ${more.toLocaleString("en")} more of ${total.toLocaleString("en")}`}
          </button>
        </li>
      ) : null}
    </ul>
  );
}

interface NodeProps {
  readonly name: string | undefined;
  readonly value: unknown;
  readonly depth: number;
  readonly isIndex?: boolean;
  readonly openDepth: number;
}

function Node({ name, value, depth, isIndex = false, openDepth }: NodeProps) {
  const [isOpen, setOpen] = useState(depth < openDepth);
  const label =
    name === undefined ? null : (
      <span class={isIndex ? "json-index" : "json-name"}>
        <Data text={name} max={80} isBrief />:{" "}
      </span>
    );
  if (!isContainer(value)) {
    return (
      <>
        {label}
        <Leaf value={value} />
      </>
    );
  }
  return (
    <>
      <button type="button" class="json-toggle" aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>
        <span aria-hidden="true">{isOpen ? "▾" : "▸"}</span> {label}
        <span class="json-summary">
          {Array.isArray(value) ? "[" : "{"}
          {summary(value)}
          {Array.isArray(value) ? "]" : "}"}
        </span>
      </button>
      {isOpen ? <Fields value={value} depth={depth} openDepth={openDepth} /> : null}
    </>
  );
}

export interface JsonViewProps {
  /** What `parseJson` gave. */
  readonly value: unknown;
  /** So many levels are open at first. */
  readonly openDepth?: number;
}

/** JSON as a tree. What is closed is not in the page, and of an object of ten thousand fields a hundred are until more are asked for. */
export function JsonView({ value, openDepth = 1 }: JsonViewProps) {
  return (
    <div class="json">
      <Node name={undefined} value={value} depth={0} openDepth={openDepth} />
    </div>
  );
}
