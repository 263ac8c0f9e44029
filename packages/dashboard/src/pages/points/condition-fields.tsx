import type { TargetedInputEvent } from "preact";
import { useId } from "preact/hooks";
import type { BoundsDraft, ConditionDraft, MatchHow, PlaceDraft, ValueType } from "../../filter/filter-draft.js";
import { type FormContext, replaced } from "./form-context.js";

interface InputProps {
  readonly label: string;
  readonly value: string;
  readonly path: string;
  readonly context: FormContext;
  readonly onInput: (value: string) => void;
  readonly suggestions?: readonly string[];
  readonly isNumeric?: boolean;
}

/** An input of a condition, with what is wrong about it. */
function Input({ label, value, path, context, onInput, suggestions, isNumeric = false }: InputProps) {
  const [id, listId, problemId] = [useId(), useId(), useId()];
  const problem = context.problems.get(path);
  const common = {
    id,
    value,
    dir: "auto",
    spellcheck: false,
    autoComplete: "off",
    inputMode: isNumeric ? "decimal" : "text",
    "aria-invalid": problem !== undefined,
    "aria-describedby": problemId,
    onInput: (event: TargetedInputEvent<HTMLInputElement>) => onInput(event.currentTarget.value),
  } as const;
  return (
    <div class="condition-input">
      <label class="field-label" for={id}>
        {label}
      </label>
      {suggestions === undefined ? <input {...common} /> : <input {...common} type="text" list={listId} />}
      {suggestions === undefined ? null : (
        <datalist id={listId}>
          {suggestions.map((one) => (
            <option key={one} value={one} />
          ))}
        </datalist>
      )}
      {problem === undefined ? null : (
        <span class="field-error" id={problemId}>
          {problem}
        </span>
      )}
    </div>
  );
}

interface ChoiceProps<Value extends string> {
  readonly label: string;
  readonly value: Value;
  readonly options: readonly (readonly [Value, string])[];
  readonly onChange: (value: Value) => void;
}

function Choice<Value extends string>({ label, value, options, onChange }: ChoiceProps<Value>) {
  const id = useId();
  return (
    <div class="condition-input">
      <label class="field-label" for={id}>
        {label}
      </label>
      <select id={id} value={value} onChange={(event) => onChange(event.currentTarget.value as Value)}>
        {options.map(([option, title]) => (
          <option key={option} value={option} selected={option === value}>
            {title}
          </option>
        ))}
      </select>
    </div>
  );
}

interface FieldsProps<Draft extends ConditionDraft> {
  readonly draft: Draft;
  readonly path: string;
  readonly context: FormContext;
  readonly onChange: (draft: ConditionDraft) => void;
}

type Of<Kind extends ConditionDraft["kind"]> = FieldsProps<Extract<ConditionDraft, { readonly kind: Kind }>>;

type Keyed = Extract<ConditionDraft, { readonly key: string }>;

function Key({ draft, path, context, onChange }: FieldsProps<Keyed>) {
  return (
    <Input
      label="Field"
      value={draft.key}
      path={`${path}.key`}
      context={context}
      suggestions={context.fields}
      onInput={(key) => onChange({ ...draft, key })}
    />
  );
}

interface ListProps {
  readonly label: string;
  readonly name: string;
  readonly values: readonly string[];
  readonly path: string;
  readonly context: FormContext;
  readonly onChange: (values: readonly string[]) => void;
}

/** Inputs of a list shown at once; of a longer one the rest is edited as DSL. */
const INPUTS_MAX = 100;

function List({ label, name, values, path, context, onChange }: ListProps) {
  return (
    <div class="condition-list">
      {values.slice(0, INPUTS_MAX).map((value, i) => (
        <div key={`${path}[${i}]`} class="condition-item">
          <Input
            label={`${label} ${i + 1}`}
            value={value}
            path={`${path}[${i}]`}
            context={context}
            onInput={(text) => onChange(replaced(values, i, text))}
          />
          <button
            type="button"
            class="quiet"
            aria-label={`Remove ${name} ${i + 1}`}
            onClick={() => onChange(replaced(values, i, undefined))}
          >
            ✕
          </button>
        </div>
      ))}
      {values.length > INPUTS_MAX ? <span class="soft">{`and ${values.length - INPUTS_MAX} more`}</span> : null}
      <button type="button" class="small" onClick={() => onChange([...values, ""])}>
        {`Add ${name}`}
      </button>
    </div>
  );
}

const hows: readonly (readonly [MatchHow, string])[] = [
  ["value", "equals"],
  ["any", "is any of"],
  ["except", "is none of"],
  ["text", "has all words"],
  ["text_any", "has any word"],
  ["phrase", "has the phrase"],
  ["prefix", "begins with"],
];
const types: readonly (readonly [ValueType, string])[] = [
  ["text", "text"],
  ["integer", "integer"],
  ["boolean", "true or false"],
];

function MatchFields(props: Of<"match">) {
  const { draft, path, context, onChange } = props;
  const isList = draft.how === "any" || draft.how === "except";
  const isTyped = isList || draft.how === "value";
  return (
    <>
      <Key {...props} />
      <Choice label="How" value={draft.how} options={hows} onChange={(how) => onChange({ ...draft, how })} />
      {isTyped ? (
        <Choice
          label="Of type"
          value={draft.type}
          options={isList ? types.slice(0, 2) : types}
          onChange={(type) => onChange({ ...draft, type })}
        />
      ) : null}
      {isList ? (
        <List
          label="Value"
          name="a value"
          values={draft.values}
          path={`${path}.values`}
          context={context}
          onChange={(values) => onChange({ ...draft, values })}
        />
      ) : (
        <Input
          label="Value"
          value={draft.values[0] ?? ""}
          path={`${path}.values[0]`}
          context={context}
          {...(draft.type === "boolean" ? { suggestions: ["true", "false"] } : {})}
          onInput={(value) => onChange({ ...draft, values: [value] })}
        />
      )}
    </>
  );
}

const bounds: readonly (readonly [keyof BoundsDraft, string])[] = [
  ["gte", "from (≥)"],
  ["gt", "more than (>)"],
  ["lte", "to (≤)"],
  ["lt", "less than (<)"],
];

interface BoundsProps {
  readonly draft: BoundsDraft;
  readonly path: string;
  readonly context: FormContext;
  readonly onChange: (bounds: BoundsDraft) => void;
}

function Bounds({ draft, path, context, onChange }: BoundsProps) {
  return (
    <>
      {bounds.map(([name, label]) => (
        <Input
          key={name}
          label={label}
          value={draft[name]}
          path={`${path}.bounds.${name}`}
          context={context}
          isNumeric
          onInput={(text) => onChange({ ...draft, [name]: text })}
        />
      ))}
    </>
  );
}

interface PlaceProps {
  readonly name: string;
  readonly place: PlaceDraft;
  readonly path: string;
  readonly context: FormContext;
  readonly onChange: (place: PlaceDraft) => void;
}

function Place({ name, place, path, context, onChange }: PlaceProps) {
  const common = { context, isNumeric: true } as const;
  return (
    <>
      <Input
        {...common}
        label={`${name} latitude`}
        value={place.lat}
        path={`${path}.lat`}
        onInput={(lat) => onChange({ ...place, lat })}
      />
      <Input
        {...common}
        label={`${name} longitude`}
        value={place.lon}
        path={`${path}.lon`}
        onInput={(lon) => onChange({ ...place, lon })}
      />
    </>
  );
}

const ringText = (ring: readonly PlaceDraft[]) => ring.map(({ lat, lon }) => `${lat}, ${lon}`).join("\n");

/** A place a line; what is typed is kept, right or wrong. */
function ringOf(text: string): readonly PlaceDraft[] {
  return text.split("\n").map((line) => {
    const [lat = "", ...rest] = line.split(",");
    return { lat: lat.trim(), lon: rest.join(",").trim() };
  });
}

interface RingProps {
  readonly label: string;
  readonly ring: readonly PlaceDraft[];
  readonly path: string;
  readonly context: FormContext;
  readonly onChange: (ring: readonly PlaceDraft[]) => void;
}

function Ring({ label, ring, path, context, onChange }: RingProps) {
  const id = useId();
  const [, problem] = [...context.problems].find(([at]) => at.startsWith(path)) ?? [];
  return (
    <div class="condition-wide">
      <label class="field-label" for={id}>
        {label}: a line for each corner, latitude and longitude, the first once more as the last
      </label>
      <textarea
        id={id}
        class="mono"
        rows={5}
        placeholder="52.5, 13.4"
        value={ringText(ring)}
        aria-invalid={problem !== undefined}
        onChange={(event) => onChange(event.currentTarget.value.trim() === "" ? [] : ringOf(event.currentTarget.value))}
      />
      {problem === undefined ? null : <span class="field-error">{problem}</span>}
    </div>
  );
}

function PolygonFields(props: Of<"geo_polygon">) {
  const { draft, path, context, onChange } = props;
  return (
    <>
      <Key {...props} />
      <Ring
        label="Border"
        ring={draft.exterior}
        path={`${path}.exterior`}
        context={context}
        onChange={(exterior) => onChange({ ...draft, exterior })}
      />
      {draft.interiors.map((ring, i) => (
        <Ring
          key={`${path}.interiors[${i}]`}
          label={`Hole ${i + 1}`}
          ring={ring}
          path={`${path}.interiors[${i}]`}
          context={context}
          onChange={(changed) =>
            onChange({ ...draft, interiors: replaced(draft.interiors, i, changed.length === 0 ? undefined : changed) })
          }
        />
      ))}
      <button
        type="button"
        class="small"
        onClick={() => onChange({ ...draft, interiors: [...draft.interiors, [{ lat: "", lon: "" }]] })}
      >
        Add a hole
      </button>
    </>
  );
}

function OtherFields({ draft, path, context, onChange }: Of<"json">) {
  const id = useId();
  const problem = context.problems.get(`${path}.text`);
  return (
    <div class="condition-wide">
      <label class="field-label" for={id}>
        The condition as JSON
      </label>
      <textarea
        id={id}
        class="mono"
        rows={4}
        spellcheck={false}
        value={draft.text}
        aria-invalid={problem !== undefined}
        onInput={(event) => onChange({ ...draft, text: event.currentTarget.value })}
      />
      {problem === undefined ? null : <span class="field-error">{problem}</span>}
    </div>
  );
}

/** The inputs of one condition, by its kind. */
export function ConditionFields(props: FieldsProps<ConditionDraft>) {
  return <div class="condition-fields">{fieldsOf(props)}</div>;
}

function fieldsOf({ draft, ...rest }: FieldsProps<ConditionDraft>) {
  const { path, context, onChange } = rest;
  const input = { context, onChange } as const;
  switch (draft.kind) {
    case "match":
      return <MatchFields {...rest} draft={draft} />;
    case "range":
      return (
        <>
          <Key {...rest} draft={draft} />
          <Choice
            label="Of type"
            value={draft.type}
            options={[
              ["number", "number"],
              ["datetime", "datetime"],
            ]}
            onChange={(type) => onChange({ ...draft, type })}
          />
          <Bounds draft={draft.bounds} {...input} path={path} onChange={(to) => onChange({ ...draft, bounds: to })} />
        </>
      );
    case "values_count":
      return (
        <>
          <Key {...rest} draft={draft} />
          <Bounds draft={draft.bounds} {...input} path={path} onChange={(to) => onChange({ ...draft, bounds: to })} />
        </>
      );
    case "geo_bounding_box":
      return (
        <>
          <Key {...rest} draft={draft} />
          <Place
            name="Top left"
            place={draft.topLeft}
            path={`${path}.topLeft`}
            context={context}
            onChange={(topLeft) => onChange({ ...draft, topLeft })}
          />
          <Place
            name="Bottom right"
            place={draft.bottomRight}
            path={`${path}.bottomRight`}
            context={context}
            onChange={(bottomRight) => onChange({ ...draft, bottomRight })}
          />
        </>
      );
    case "geo_radius":
      return (
        <>
          <Key {...rest} draft={draft} />
          <Place
            name="Centre"
            place={draft.center}
            path={`${path}.center`}
            context={context}
            onChange={(center) => onChange({ ...draft, center })}
          />
          <Input
            label="Radius in metres"
            value={draft.radius}
            path={`${path}.radius`}
            context={context}
            isNumeric
            onInput={(radius) => onChange({ ...draft, radius })}
          />
        </>
      );
    case "geo_polygon":
      return <PolygonFields {...rest} draft={draft} />;
    case "is_empty":
    case "is_null":
      return (
        <>
          <Key {...rest} draft={draft} />
          <Choice
            label="Holds"
            value={draft.isAffirmed ? "yes" : "no"}
            options={[
              ["yes", "yes"],
              ["no", "no: the opposite"],
            ]}
            onChange={(answer) => onChange({ ...draft, isAffirmed: answer === "yes" })}
          />
        </>
      );
    case "has_id":
      return (
        <List
          label="Id"
          name="an id"
          values={draft.ids}
          path={`${path}.ids`}
          context={context}
          onChange={(ids) => onChange({ ...draft, ids })}
        />
      );
    case "has_vector":
      return (
        <Input
          label="Vector (empty: the unnamed one)"
          value={draft.vector}
          path={`${path}.vector`}
          context={context}
          suggestions={context.vectors}
          onInput={(vector) => onChange({ ...draft, vector })}
        />
      );
    case "slice":
      return (
        <>
          <Input
            label="Slices in all"
            value={draft.total}
            path={`${path}.total`}
            context={context}
            isNumeric
            onInput={(total) => onChange({ ...draft, total })}
          />
          <Input
            label="This one, from 0"
            value={draft.index}
            path={`${path}.index`}
            context={context}
            isNumeric
            onInput={(index) => onChange({ ...draft, index })}
          />
        </>
      );
    case "nested":
      return <Key {...rest} draft={draft} />;
    case "filter":
      return null;
    case "json":
      return <OtherFields {...rest} draft={draft} />;
  }
}
