import { useMemo, useState } from "preact/hooks";
import { type Column, type Row, shortText, tableOf } from "../../answers/table.js";
import { parseJson } from "../../json.js";
import { isObject, type Json } from "../../json-value.js";
import { CopyButton } from "../../parts/copy-button.js";
import { Data } from "../../parts/data.js";
import { JsonView } from "../../parts/json-view.js";
import { Table } from "../../parts/table.js";
import { Tabs } from "../../parts/tabs.js";

const CELL_MAX = 80;
const TITLE_MAX = 40;

function Cell({ column, row }: { readonly column: Column; readonly row: Row }) {
  if (!row.has(column.id)) return <span class="soft">–</span>;
  return <Data text={shortText(row.get(column.id), CELL_MAX)} max={CELL_MAX + 1} isBrief />;
}

/** A result as rows and columns. */
function AsTable({ result }: { readonly result: Json }) {
  const table = useMemo(() => tableOf(result), [result]);
  const { columns, rows, rowsLeft, columnsLeft } = table;
  return (
    <>
      <Table<Row>
        caption="The answer as a table"
        rows={rows}
        keyOf={(_, i) => i}
        empty="The answer has no rows."
        columns={columns.map((column) => ({
          title: column.title.length > TITLE_MAX ? `${column.title.slice(0, TITLE_MAX)}…` : column.title,
          isNumber: column.isNumeric,
          cell: (row) => <Cell column={column} row={row} />,
        }))}
      />
      {rowsLeft + columnsLeft === 0 ? null : (
        <p class="soft">
          {[
            ...(rowsLeft > 0 ? [`${rowsLeft.toLocaleString("en")} more rows`] : []),
            ...(columnsLeft > 0 ? [`${columnsLeft.toLocaleString("en")} more fields`] : []),
          ].join(" and ")}
          {" are in the JSON."}
        </p>
      )}
    </>
  );
}

/** Characters of an answer that is no JSON. */
const TEXT_MAX = 20_000;

export interface AnswerViewProps {
  readonly text: string;
}

/** An answer as a table and as JSON; what is no JSON as the text that it is. */
export function AnswerView({ text }: AnswerViewProps) {
  const [shown, setShown] = useState("table");
  const json = useMemo((): Json | undefined => {
    try {
      return parseJson(text) as Json;
    } catch {
      return undefined;
    }
  }, [text]);
  if (json === undefined) {
    return (
      <pre class="console-text">
        <Data text={text} max={TEXT_MAX} />
      </pre>
    );
  }
  const result = isObject(json) && "result" in json ? (json["result"] as Json) : json;
  return (
    <Tabs
      label="How the answer is shown"
      shown={shown}
      onShow={setShown}
      tabs={[
        { id: "table", title: "Table", content: () => <AsTable result={result} /> },
        {
          id: "json",
          title: "JSON",
          content: () => (
            <>
              <div class="row console-copy">
                <CopyButton text={text} label="Copy the answer" />
              </div>
              <JsonView value={json} openDepth={3} />
            </>
          ),
        },
      ]}
    />
  );
}
