import { computed, signal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { useEffect, useId, useRef, useState } from "preact/hooks";
import { place } from "../place.js";
import { Toasts } from "./toast.js";

/** Dialogs that are open, the topmost one last. */
const open = signal<readonly HTMLDialogElement[]>([]);

/** Is a dialog open, behind which the page is dim? */
export const isDialogOpen = computed(() => open.value.length > 0);

export interface DialogProps {
  readonly title: string;
  /** Escape, the button, or a click beside it. */
  readonly onClose: () => void;
  readonly children: ComponentChildren;
}

/** A modal dialog, open while it is rendered. The browser keeps the focus inside and gives it back. */
export function Dialog({ title, onClose, children }: DialogProps) {
  const element = useRef<HTMLDialogElement>(null);
  const titleId = useId();
  const topmost = open.value.at(-1);
  useEffect(() => {
    const shown = element.current;
    if (shown === null) return;
    shown.showModal();
    open.value = [...open.value, shown];
    // rather than the button that closes it
    shown.querySelector<HTMLElement>("input, select, textarea, .dialog-actions button")?.focus();
    return () => {
      shown.close();
      open.value = open.value.filter((one) => one !== shown);
    };
  }, []);
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: Escape does the same
    <dialog
      ref={element}
      aria-labelledby={titleId}
      onCancel={(event) => {
        event.preventDefault();
        onClose();
      }}
      onClick={(event) => {
        if (event.target === element.current) onClose();
      }}
    >
      <div class="dialog-body">
        <header class="dialog-head">
          <h2 id={titleId}>{title}</h2>
          <button type="button" class="quiet" aria-label="Close" onClick={onClose}>
            ✕
          </button>
        </header>
        {children}
      </div>
      <Toasts isTopmost={topmost !== undefined && topmost === element.current} />
    </dialog>
  );
}

/** A question before something is done. */
export interface Question {
  readonly title: string;
  /** What will be done, and what cannot be undone. */
  readonly text: ComponentChildren;
  /** What the button says that does it. */
  readonly action: string;
  readonly isDangerous?: boolean;
  /** Must be typed before it can be done. */
  readonly typed?: string;
}

interface Asked extends Question {
  readonly answer: (isYes: boolean) => void;
}

const asked = signal<Asked | undefined>(undefined);

/** Asks before something is done; resolves to whether it shall be. A question that is still open is answered with no, also by who goes to another page. */
export function question(of: Question): Promise<boolean> {
  asked.value?.answer(false);
  return new Promise((resolve) => {
    asked.value = {
      ...of,
      answer: (isYes) => {
        asked.value = undefined;
        resolve(isYes);
      },
    };
  });
}

function Asking({ title, text, action, isDangerous = false, typed, answer }: Asked) {
  const [given, setGiven] = useState("");
  const isReady = typed === undefined || given === typed;
  return (
    <Dialog title={title} onClose={() => answer(false)}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (isReady) answer(true);
        }}
      >
        <div class="dialog-text">{text}</div>
        {typed === undefined ? null : (
          <label class="field">
            <span class="field-label">
              Type <bdi class="data">{typed}</bdi> to go on
            </span>
            <input
              value={given}
              autoComplete="off"
              spellcheck={false}
              onInput={(event) => setGiven(event.currentTarget.value)}
            />
          </label>
        )}
        <div class="dialog-actions">
          <button type="button" onClick={() => answer(false)}>
            Cancel
          </button>
          <button type="submit" class={isDangerous ? "danger" : "primary"} disabled={!isReady}>
            {action}
          </button>
        </div>
      </form>
    </Dialog>
  );
}

/** Where questions appear; the layout has one. */
export function Questions() {
  const question = asked.value;
  const { path } = place.value;
  // what it asks about is not what is looked at any more
  useEffect(() => () => asked.value?.answer(false), [path]);
  return question === undefined ? null : <Asking key={question.title} {...question} />;
}
