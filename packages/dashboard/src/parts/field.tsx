import type { ComponentChildren } from "preact";
import { useId } from "preact/hooks";

interface Common {
  readonly label: string;
  /** Below the input: what it takes. */
  readonly hint?: ComponentChildren;
  /** Why what is in it cannot be taken. */
  readonly error?: string | undefined;
  readonly isDisabled?: boolean;
}

export interface TextFieldProps extends Common {
  readonly value: string;
  readonly onInput: (value: string) => void;
  readonly type?: "text" | "password" | "number" | "search";
  readonly placeholder?: string;
  /** Lines of a text area; without them it is one line. */
  readonly rows?: number;
  readonly isMonospaced?: boolean;
  readonly suggestions?: readonly string[];
}

function Below({ id, hint, error }: Pick<Common, "hint" | "error"> & { readonly id: string }) {
  if (error !== undefined) {
    return (
      <span id={id} class="field-error" role="alert">
        {error}
      </span>
    );
  }
  return hint === undefined ? null : (
    <span id={id} class="field-hint">
      {hint}
    </span>
  );
}

/** A labelled input of text or of a number. */
export function TextField(props: TextFieldProps) {
  const {
    label,
    hint,
    error,
    isDisabled = false,
    value,
    onInput,
    type = "text",
    placeholder,
    rows,
    suggestions,
  } = props;
  const [id, belowId, listId] = [useId(), useId(), useId()];
  const common = {
    id,
    value,
    placeholder,
    disabled: isDisabled,
    class: props.isMonospaced === true ? "mono" : "",
    spellcheck: false,
    autoComplete: "off",
    "aria-invalid": error !== undefined,
    "aria-describedby": belowId,
  } as const;
  return (
    <div class="field">
      <label class="field-label" for={id}>
        {label}
      </label>
      {rows === undefined && suggestions !== undefined ? (
        <input {...common} type="text" list={listId} onInput={(event) => onInput(event.currentTarget.value)} />
      ) : rows === undefined ? (
        // the types of inputs are told apart by the roles that they may have: these have none
        <input {...common} type={type as "text"} onInput={(event) => onInput(event.currentTarget.value)} />
      ) : (
        <textarea {...common} rows={rows} onInput={(event) => onInput(event.currentTarget.value)} />
      )}
      {suggestions === undefined ? null : (
        <datalist id={listId}>
          {suggestions.map((one) => (
            <option key={one} value={one} />
          ))}
        </datalist>
      )}
      <Below id={belowId} hint={hint} error={error} />
    </div>
  );
}

export interface SelectFieldProps extends Common {
  readonly value: string;
  readonly options: readonly { readonly value: string; readonly label: string }[];
  readonly onChange: (value: string) => void;
}

/** A labelled choice of one. */
export function SelectField({ label, hint, error, isDisabled = false, value, options, onChange }: SelectFieldProps) {
  const [id, belowId] = [useId(), useId()];
  return (
    <div class="field">
      <label class="field-label" for={id}>
        {label}
      </label>
      <select
        id={id}
        value={value}
        disabled={isDisabled}
        aria-describedby={belowId}
        onChange={(event) => onChange(event.currentTarget.value)}
      >
        {options.map((option) => (
          <option key={option.value} value={option.value} selected={option.value === value}>
            {option.label}
          </option>
        ))}
      </select>
      <Below id={belowId} hint={hint} error={error} />
    </div>
  );
}

export interface CheckFieldProps {
  readonly label: string;
  readonly isChecked: boolean;
  readonly onChange: (isChecked: boolean) => void;
  readonly isDisabled?: boolean;
}

/** A labelled tick. */
export function CheckField({ label, isChecked, onChange, isDisabled = false }: CheckFieldProps) {
  return (
    <label class="check">
      <input
        type="checkbox"
        checked={isChecked}
        disabled={isDisabled}
        onChange={(event) => onChange(event.currentTarget.checked)}
      />
      <span>{label}</span>
    </label>
  );
}
