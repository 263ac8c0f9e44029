import { useId } from "preact/hooks";
import {
  type ConditionDraft,
  type ConditionKind,
  conditionKinds,
  emptyDraft,
  type FilterDraft,
  newCondition,
} from "../../filter/filter-draft.js";
import { ConditionFields } from "./condition-fields.js";
import { type FormContext, replaced } from "./form-context.js";

type Clause = "must" | "should" | "mustNot";

const clauses: readonly { readonly clause: Clause; readonly title: string }[] = [
  { clause: "must", title: "All of these (must)" },
  { clause: "should", title: "At least one of these (should)" },
  { clause: "mustNot", title: "None of these (must_not)" },
];

interface AddProps {
  readonly to: string;
  readonly onAdd: (kind: ConditionKind) => void;
}

function AddCondition({ to, onAdd }: AddProps) {
  return (
    <select
      class="filter-add"
      aria-label={`Add a condition to: ${to}`}
      value=""
      onChange={(event) => {
        const { value } = event.currentTarget;
        event.currentTarget.value = "";
        if (value !== "") onAdd(value as ConditionKind);
      }}
    >
      <option value="">Add a condition…</option>
      {conditionKinds.map(([kind, title]) => (
        <option key={kind} value={kind}>
          {title}
        </option>
      ))}
    </select>
  );
}

interface ConditionProps {
  readonly draft: ConditionDraft;
  readonly path: string;
  readonly context: FormContext;
  readonly onChange: (draft: ConditionDraft | undefined) => void;
}

function Condition({ draft, path, context, onChange }: ConditionProps) {
  const id = useId();
  const key = "key" in draft ? draft.key : "";
  return (
    <li class="condition">
      <div class="condition-head">
        <label class="heard" for={id}>
          Kind of condition
        </label>
        <select
          id={id}
          value={draft.kind}
          onChange={(event) => onChange(newCondition(event.currentTarget.value as ConditionKind, key))}
        >
          {conditionKinds.map(([kind, title]) => (
            <option key={kind} value={kind} selected={kind === draft.kind}>
              {title}
            </option>
          ))}
        </select>
        <button type="button" class="quiet" aria-label="Remove this condition" onClick={() => onChange(undefined)}>
          ✕
        </button>
      </div>
      <ConditionFields draft={draft} path={path} context={context} onChange={onChange} />
      {"filter" in draft ? (
        <FilterForm
          draft={draft.filter}
          path={`${path}.filter`}
          context={context}
          onChange={(filter) => onChange({ ...draft, filter })}
        />
      ) : null}
    </li>
  );
}

interface ConditionsProps {
  readonly title: string;
  readonly drafts: readonly ConditionDraft[];
  readonly path: string;
  readonly context: FormContext;
  readonly onChange: (drafts: readonly ConditionDraft[]) => void;
}

function Conditions({ title, drafts, path, context, onChange }: ConditionsProps) {
  return (
    <>
      {drafts.length === 0 ? null : (
        <ul class="conditions">
          {drafts.map((draft, i) => (
            <Condition
              // a condition has no identity of its own: its place is all there is
              key={`${path}[${i}]`}
              draft={draft}
              path={`${path}[${i}]`}
              context={context}
              onChange={(changed) => onChange(replaced(drafts, i, changed))}
            />
          ))}
        </ul>
      )}
      <AddCondition to={title} onAdd={(kind) => onChange([...drafts, newCondition(kind)])} />
    </>
  );
}

export interface FilterFormProps {
  readonly draft: FilterDraft;
  /** Where it stands in the whole draft; `""` is the whole. */
  readonly path: string;
  readonly context: FormContext;
  readonly onChange: (draft: FilterDraft) => void;
}

/** A filter as a form: its four clauses, with conditions that may be filters themselves. */
export function FilterForm({ draft, path, context, onChange }: FilterFormProps) {
  const at = (clause: string) => (path === "" ? clause : `${path}.${clause}`);
  const { minShould } = draft;
  const minCountProblem = context.problems.get(at("minShould.minCount"));
  return (
    <div class="filter-form">
      {clauses.map(({ clause, title }) => (
        <fieldset key={clause} class="clause">
          <legend>{title}</legend>
          <Conditions
            title={title}
            drafts={draft[clause]}
            path={at(clause)}
            context={context}
            onChange={(drafts) => onChange({ ...draft, [clause]: drafts })}
          />
        </fieldset>
      ))}
      <fieldset class="clause">
        <legend>A number of these at least (min_should)</legend>
        {minShould === undefined ? (
          <AddCondition
            to="min_should"
            onAdd={(kind) => onChange({ ...draft, minShould: { conditions: [newCondition(kind)], minCount: "1" } })}
          />
        ) : (
          <>
            <label class="condition-inline">
              At least
              <input
                inputMode="numeric"
                value={minShould.minCount}
                aria-invalid={minCountProblem !== undefined}
                onInput={(event) =>
                  onChange({ ...draft, minShould: { ...minShould, minCount: event.currentTarget.value } })
                }
              />
              of them
            </label>
            {minCountProblem === undefined ? null : <span class="field-error">{minCountProblem}</span>}
            <Conditions
              title="min_should"
              drafts={minShould.conditions}
              path={at("minShould.conditions")}
              context={context}
              onChange={(conditions) => onChange({ ...draft, minShould: { ...minShould, conditions } })}
            />
            <button
              type="button"
              class="link"
              onClick={() => {
                const { minShould: _without, ...rest } = draft;
                onChange({ ...emptyDraft, ...rest });
              }}
            >
              Remove this clause
            </button>
          </>
        )}
      </fieldset>
    </div>
  );
}
