import type { ComponentChildren } from "preact";

export interface StatProps {
  readonly label: string;
  readonly value: ComponentChildren;
  /** Below it, smaller. */
  readonly note?: ComponentChildren;
}

/** One figure with its name. Several stand in a `<dl class="stats">`. */
export function Stat({ label, value, note }: StatProps) {
  return (
    <div class="stat">
      <dt>{label}</dt>
      <dd>
        <span class="stat-value">{value}</span>
        {note === undefined ? null : <span class="stat-note">{note}</span>}
      </dd>
    </div>
  );
}
