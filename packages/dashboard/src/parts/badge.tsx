import type { ComponentChildren } from "preact";

/** How something is. */
export type Mood = "good" | "warning" | "bad" | "neutral";

const signs: Readonly<Record<Mood, string>> = { good: "●", warning: "▲", bad: "■", neutral: "○" };

/** A short word on how something is: by its colour, by a sign for who sees no colours, and in words. */
export function Badge({ mood, children }: { readonly mood: Mood; readonly children: ComponentChildren }) {
  return (
    <span class={`badge badge-${mood}`}>
      <span class="badge-sign" aria-hidden="true">
        {signs[mood]}
      </span>
      {children}
    </span>
  );
}
