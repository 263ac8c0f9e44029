import { useState } from "preact/hooks";
import { ask, path } from "../../api.js";
import type { CollectionInfo, PayloadIndex } from "../../collection/collection-info.js";
import { indexKinds, indexWords } from "../../collection/describe-collection.js";
import { count, percent } from "../../format.js";
import { parseObjectText } from "../../json-text.js";
import type { JsonObject } from "../../json-value.js";
import { Card } from "../../parts/card.js";
import { Data } from "../../parts/data.js";
import { question } from "../../parts/dialog.js";
import { ErrorBox } from "../../parts/error-box.js";
import { SelectField, TextField } from "../../parts/field.js";
import { Table } from "../../parts/table.js";
import { notify } from "../../parts/toast.js";
import { WaitingButton } from "../../parts/waiting-button.js";

export interface PayloadIndexesProps {
  readonly collection: string;
  readonly info: CollectionInfo;
  readonly onChanged: () => void;
}

type Row = readonly [field: string, index: PayloadIndex];

function schemaOf(
  kind: string,
  parameters: string,
): { readonly schema: string | JsonObject } | { readonly problem: string } {
  if (parameters.trim() === "") return { schema: kind };
  const parsed = parseObjectText(parameters);
  return "json" in parsed ? { schema: { ...parsed.json, type: kind } } : { problem: parsed.problem };
}

function AddIndex({ collection, info, onChanged }: PayloadIndexesProps) {
  const [field, setField] = useState("");
  const [kind, setKind] = useState("keyword");
  const [parameters, setParameters] = useState("");
  const [isBusy, setBusy] = useState(false);
  const [error, setError] = useState<Error>();
  const made = schemaOf(kind, parameters);
  const add = async () => {
    if ("problem" in made || field === "" || isBusy) return;
    const there = Object.hasOwn(info.payload_schema, field) ? info.payload_schema[field] : undefined;
    const named = <Data text={field} max={80} isBrief />;
    const text =
      there === undefined ? (
        <>
          Make a payload index of the kind {kind} on “{named}”? Every point's payload is read for it once, in every
          region.
        </>
      ) : (
        <>
          There is an index on “{named}” already, of the kind {there.data_type}. Make it anew as {kind}?
        </>
      );
    if (!(await question({ title: "Add a payload index?", text, action: "Add the index" }))) return;
    setBusy(true);
    setError(undefined);
    try {
      await ask("PUT", path`/collections/${collection}/index`, {
        body: { field_name: field, field_schema: made.schema },
      });
      notify(`The index on ${field.slice(0, 80)} was made.`);
      setField("");
      setParameters("");
      onChanged();
    } catch (failure) {
      setError(failure as Error);
    } finally {
      setBusy(false);
    }
  };
  return (
    <form
      class="stack configuration-form"
      onSubmit={(event) => {
        event.preventDefault();
        void add();
      }}
    >
      <h3>Add an index</h3>
      <div class="grid">
        <TextField label="Field" value={field} onInput={setField} hint="a path: city, a.b, tags[].name" />
        <SelectField
          label="Kind"
          value={kind}
          onChange={setKind}
          options={indexKinds.map((each) => ({ value: each.kind, label: `${each.kind}: ${each.words}` }))}
        />
        <TextField
          label="Parameters as JSON"
          value={parameters}
          onInput={setParameters}
          isMonospaced
          placeholder={kind === "text" ? '{"tokenizer": "word", "lowercase": true}' : "{}"}
          hint="none are needed"
          error={"problem" in made ? made.problem : undefined}
        />
      </div>
      <ErrorBox what="The index was not made" error={error} />
      <div class="row">
        <WaitingButton
          type="submit"
          class="primary"
          isDisabled={!isBusy && (field === "" || "problem" in made)}
          isWaiting={isBusy}
        >
          {isBusy ? "Being made…" : "Add the index"}
        </WaitingButton>
      </div>
    </form>
  );
}

/** The payload indexes of a collection: what they are, another one, one less. */
export function PayloadIndexes(props: PayloadIndexesProps) {
  const { collection, info, onChanged } = props;
  const points = info.points_count ?? 0;
  const drop = async (field: string) => {
    const isSure = await question({
      title: "Drop a payload index?",
      text: (
        <>
          Drop the index on “<Data text={field} max={80} isBrief />” in every region? Payloads stay; filters on this
          field will look at every point, and facets and orders by it are refused.
        </>
      ),
      action: "Drop the index",
      isDangerous: true,
    });
    if (!isSure) return;
    try {
      await ask("DELETE", path`/collections/${collection}/index/${field}`);
      notify(`The index on ${field.slice(0, 80)} was dropped.`);
    } catch (error) {
      notify(`The index was not dropped: ${(error as Error).message}`, "failed");
    }
    onChanged();
  };
  return (
    <Card title="Payload indexes">
      <Table<Row>
        caption="Payload indexes of this collection"
        rows={Object.entries(info.payload_schema)}
        keyOf={([field]) => field}
        empty="No field is indexed: filters look at every point."
        columns={[
          { title: "Field", isRowHeader: true, cell: ([field]) => <Data text={field} max={80} isBrief /> },
          { title: "Kind", cell: ([, { data_type: kind }]) => kind },
          { title: "Parameters", cell: ([, index]) => <Data text={indexWords(index) || "–"} max={120} isBrief /> },
          { title: "Points", isNumber: true, cell: ([, index]) => count(index.points) },
          {
            title: "Of all",
            isNumber: true,
            cell: ([, index]) => (points === 0 ? "–" : percent(index.points / points)),
          },
          {
            title: "",
            cell: ([field]) => (
              <button
                type="button"
                class="small danger"
                aria-label={`Drop the index on ${field.slice(0, 80)}`}
                onClick={() => void drop(field)}
              >
                Drop
              </button>
            ),
          },
        ]}
      />
      <AddIndex {...props} onChanged={onChanged} />
    </Card>
  );
}
