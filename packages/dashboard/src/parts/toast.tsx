import { signal } from "@preact/signals";
import { timesForgotten } from "../api.js";

interface Toast {
  readonly number: number;
  readonly text: string;
  readonly kind: "done" | "failed";
}

const SHOWN_MS = 6_000;
const toasts = signal<readonly Toast[]>([]);
let next = 1;

const close = (number: number) => {
  toasts.value = toasts.value.filter((one) => one.number !== number);
};

/** Says in a corner of the page, and to who hears it, what was done; what failed stays until it is closed. */
export function notify(text: string, kind: Toast["kind"] = "done"): void {
  const number = next++;
  toasts.value = [...toasts.value.slice(-3), { number, text: text.slice(0, 1_000), kind }];
  if (kind === "done") setTimeout(() => close(number), SHOWN_MS);
}

// who forgets the key forgets what was done with it
timesForgotten.subscribe(() => {
  toasts.value = [];
});

/** Where it is said, in the layout and in every dialog: what is behind an open one is dim and cannot be pressed, so that the topmost of them says it. */
export function Toasts({ isTopmost }: { readonly isTopmost: boolean }) {
  return (
    <div class="toasts" role="status" aria-live="polite">
      {(isTopmost ? toasts.value : []).map(({ number, text, kind }) => (
        <div key={number} class={`toast toast-${kind}`}>
          <bdi dir="auto">{text}</bdi>
          <button type="button" class="quiet" aria-label="Close this message" onClick={() => close(number)}>
            ✕
          </button>
        </div>
      ))}
    </div>
  );
}
