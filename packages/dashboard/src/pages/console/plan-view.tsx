import { count } from "../../format.js";
import { isArray, isObject, type Json, type JsonObject } from "../../json-value.js";
import { Badge } from "../../parts/badge.js";
import { Data } from "../../parts/data.js";
import { JsonView } from "../../parts/json-view.js";
import { Table } from "../../parts/table.js";

const textOf = (json: Json | undefined) => (typeof json === "string" ? json : undefined);
const listOf = (json: Json | undefined): readonly JsonObject[] => (isArray(json) ? json.filter(isObject) : []);
const figureOf = (json: Json | undefined) => (typeof json === "number" ? count(json) : "–");

const methods: Readonly<Record<string, string>> = {
  graph: "walk of the graph",
  exact: "comparison with all",
  postings: "postings of indices",
  codes: "codes of parts",
  ids: "order of ids",
  order: "order of an index",
  sample: "sample by hashes",
  prefetched: "what the prefetches find",
};

const answers: Readonly<Record<string, string>> = {
  index: "by an index",
  partly: "partly by indexes",
  few: "one by one: few are left",
  scan: "one by one",
};

/** A condition as the plan names it, on one line: its kind and its field. */
function conditionText(json: Json): string {
  if (!isObject(json)) return "";
  const [kind, key] = [textOf(json["kind"]) ?? "", textOf(json["key"])];
  const inner = isObject(json["of"]) ? ` ${conditionText(json["of"])}` : "";
  return `${kind}${inner}${key === undefined ? "" : ` on ${key}`}`;
}

const namesOf = (conditions: Json | undefined) => (isArray(conditions) ? conditions.map(conditionText).join(", ") : "");

function Filter({ filter }: { readonly filter: JsonObject }) {
  const { points, matches } = filter;
  return (
    <div class="plan-filter">
      <p>
        Filter: <strong>{figureOf(matches)}</strong> of {figureOf(points)} points match
        {filter["known"] === true ? ", known from before" : ""}.
      </p>
      <Table<JsonObject>
        caption="Steps of the filter"
        rows={listOf(filter["steps"])}
        keyOf={(_, i) => i}
        empty="No step is needed."
        columns={[
          {
            title: "Condition",
            isRowHeader: true,
            cell: ({ conditions }) => <Data text={namesOf(conditions)} max={120} isBrief />,
          },
          { title: "Answered", cell: ({ by }) => answers[textOf(by) ?? ""] ?? textOf(by) ?? "–" },
          { title: "Guessed", isNumber: true, cell: ({ estimated }) => figureOf(estimated) },
          { title: "Before", isNumber: true, cell: ({ before }) => figureOf(before) },
          { title: "Left", isNumber: true, cell: ({ left }) => figureOf(left) },
        ]}
      />
      <ul class="plan-reasons">
        {listOf(filter["steps"]).map(({ conditions, reason }, i) => (
          <li key={String(i)}>
            <Data text={namesOf(conditions)} max={120} isBrief />: <Data text={textOf(reason) ?? ""} max={400} />.
          </li>
        ))}
      </ul>
    </div>
  );
}

function Source({ source, depth }: { readonly source: JsonObject; readonly depth: number }) {
  const { kind, using, limit, method, reason, otherwise } = source;
  const name = textOf(using) ?? "";
  const figures = (["matches", "nodes", "width", "ef", "rerank", "compared", "prefetched"] as const).filter(
    (figure) => typeof source[figure] === "number",
  );
  return (
    <div class="plan-source">
      <p class="row">
        <Badge mood={method === "graph" ? "good" : "neutral"}>
          {methods[textOf(method) ?? ""] ?? textOf(method) ?? textOf(kind) ?? "query"}
        </Badge>
        <span>
          {textOf(kind) ?? ""}
          {name === "" ? "" : ", vector "}
          {name === "" ? null : <Data text={name} max={60} isBrief />}, {figureOf(limit)} at most
        </span>
      </p>
      {textOf(reason) === undefined ? null : (
        <p>
          <Data text={textOf(reason) ?? ""} max={600} />.
        </p>
      )}
      {textOf(otherwise) === undefined ? null : (
        <p class="soft">
          <Data text={textOf(otherwise) ?? ""} max={600} />.
        </p>
      )}
      {figures.length === 0 ? null : (
        <dl class="plan-figures">
          {figures.map((figure) => (
            <div key={figure}>
              <dt>{figure}</dt>
              <dd>{figureOf(source[figure])}</dd>
            </div>
          ))}
        </dl>
      )}
      {listOf(source["filters"]).map((filter, i) => (
        <Filter key={String(i)} filter={filter} />
      ))}
      {listOf(source["prefetch"]).length === 0 ? null : (
        <div class="plan-prefetch">
          <h3>Prefetches</h3>
          {depth < 8
            ? listOf(source["prefetch"]).map((each, i) => <Source key={String(i)} source={each} depth={depth + 1} />)
            : null}
        </div>
      )}
    </div>
  );
}

/** What a query would do and why, as the server explains it. */
export function PlanView({ plan }: { readonly plan: JsonObject }) {
  const refused = textOf(plan["refused"]);
  return (
    <div class="plan">
      {refused === undefined ? null : (
        <p class="field-error">
          It would be refused: <Data text={refused} max={600} />
        </p>
      )}
      {listOf(plan["sources"]).map((source, i) => (
        <Source key={String(i)} source={source} depth={0} />
      ))}
      {listOf(plan["plans"]).map((source, i) => (
        <Source key={String(i)} source={source} depth={0} />
      ))}
      {listOf(plan["filters"]).map((filter, i) => (
        <Filter key={String(i)} filter={filter} />
      ))}
      <JsonView value={plan} openDepth={0} />
    </div>
  );
}
