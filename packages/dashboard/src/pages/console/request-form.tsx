import { complete } from "../../completion/complete.js";
import { formsOf, valuesOf } from "../../completion/schema.js";
import { parseText } from "../../json-text.js";
import type { Json } from "../../json-value.js";
import { CodeEditor } from "../../parts/code-editor.js";
import { TextField } from "../../parts/field.js";
import { type ApiRoute, type RouteParameter, routeName, shortPath } from "../../requests/api-routes.js";
import type { RequestDraft } from "./use-console.js";

interface RouteChoiceProps {
  readonly routes: readonly ApiRoute[];
  readonly route: ApiRoute;
  readonly onChange: (route: ApiRoute) => void;
}

function RouteChoice({ routes, route, onChange }: RouteChoiceProps) {
  const current = routeName(route);
  const groups = [
    ["Reads", routes.filter(({ isWrite }) => !isWrite)],
    ["Writes, with a question", routes.filter(({ isWrite }) => isWrite)],
  ] as const;
  return (
    <label class="field">
      <span class="field-label">Route</span>
      <select
        value={current}
        onChange={(event) => {
          const chosen = routes.find((each) => routeName(each) === event.currentTarget.value);
          if (chosen !== undefined) onChange(chosen);
        }}
      >
        {groups.map(([title, list]) => (
          <optgroup key={title} label={title}>
            {list.map((each) => (
              <option key={routeName(each)} value={routeName(each)} selected={routeName(each) === current}>
                {`${each.method} ${shortPath(each.path)}`}
              </option>
            ))}
          </optgroup>
        ))}
      </select>
      <span class="field-hint">{route.summary}</span>
    </label>
  );
}

interface ParametersProps {
  readonly parameters: readonly RouteParameter[];
  readonly values: Readonly<Record<string, string>>;
  readonly document: Json;
  readonly onChange: (values: Readonly<Record<string, string>>) => void;
}

function Parameters({ parameters, values, document, onChange }: ParametersProps) {
  return (
    <div class="console-parameters">
      {parameters.map(({ name, schema }) => (
        <TextField
          key={name}
          label={name}
          value={values[name] ?? ""}
          suggestions={valuesOf(formsOf(schema, document)).map(String)}
          onInput={(text) => {
            const { [name]: _before, ...others } = values;
            onChange(text === "" ? others : { ...others, [name]: text });
          }}
        />
      ))}
    </div>
  );
}

export interface RequestFormProps {
  readonly routes: readonly ApiRoute[];
  readonly document: Json;
  readonly draft: RequestDraft;
  readonly onChange: (draft: RequestDraft) => void;
  readonly onRoute: (route: ApiRoute) => void;
  readonly onRun: () => void;
}

/** Why a body cannot be sent; `undefined`: it can. A body that need not be there may be empty. */
export function bodyProblem({ route, body }: RequestDraft): string | undefined {
  if (route.schema === undefined || body.trim() === "") return undefined;
  const parsed = parseText(body);
  return "problem" in parsed ? parsed.problem : undefined;
}

/** A request as it is written: route, parameters and body. */
export function RequestForm({ routes, document, draft, onChange, onRoute, onRun }: RequestFormProps) {
  const { route, inPath, inQuery, body } = draft;
  return (
    <div class="stack">
      <RouteChoice routes={routes} route={route} onChange={onRoute} />
      {route.inPath.length === 0 ? null : (
        <Parameters
          parameters={route.inPath}
          values={inPath}
          document={document}
          onChange={(values) => onChange({ ...draft, inPath: values })}
        />
      )}
      {route.inQuery.length === 0 ? null : (
        <details class="console-query" open={Object.keys(inQuery).length > 0}>
          <summary>Parameters of the query</summary>
          <Parameters
            parameters={route.inQuery}
            values={inQuery}
            document={document}
            onChange={(values) => onChange({ ...draft, inQuery: values })}
          />
        </details>
      )}
      {route.schema === undefined ? (
        <p class="soft">This route takes no body.</p>
      ) : (
        <CodeEditor
          label="Body; Ctrl+Space proposes what can stand here, Ctrl+Enter sends"
          value={body}
          onInput={(text) => onChange({ ...draft, body: text })}
          onRun={onRun}
          complete={(text, cursor) => complete(text, cursor, route.schema ?? {}, document)}
          error={bodyProblem(draft)}
        />
      )}
    </div>
  );
}
