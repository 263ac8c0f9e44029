import type { ComponentChildren } from "preact";
import { useId } from "preact/hooks";

/** One of several views, of which one is shown. */
export interface Tab {
  readonly id: string;
  readonly title: string;
  readonly content: () => ComponentChildren;
}

export interface TabsProps {
  /** What they are views of. */
  readonly label: string;
  readonly tabs: readonly Tab[];
  readonly shown: string;
  readonly onShow: (id: string) => void;
}

/** Views of one thing in one place. Arrow keys go from one to the next. */
export function Tabs({ label, tabs, shown, onShow }: TabsProps) {
  const base = useId();
  const at = Math.max(
    tabs.findIndex(({ id }) => id === shown),
    0,
  );
  const current = tabs[at];
  const move = (step: number, list: HTMLElement) => {
    const next = (at + step + tabs.length) % tabs.length;
    const tab = tabs[next];
    if (tab === undefined) return;
    onShow(tab.id);
    (list.children[next] as HTMLElement | undefined)?.focus();
  };
  return (
    <div>
      <div
        role="tablist"
        aria-label={label}
        class="tab-list"
        onKeyDown={(event) => {
          if (event.key === "ArrowRight") move(1, event.currentTarget);
          else if (event.key === "ArrowLeft") move(-1, event.currentTarget);
          else return;
          event.preventDefault();
        }}
      >
        {tabs.map(({ id, title }) => (
          <button
            key={id}
            type="button"
            role="tab"
            id={`${base}-${id}`}
            aria-controls={`${base}-panel`}
            aria-selected={id === current?.id}
            tabIndex={id === current?.id ? 0 : -1}
            onClick={() => onShow(id)}
          >
            {title}
          </button>
        ))}
      </div>
      <div role="tabpanel" id={`${base}-panel`} aria-labelledby={`${base}-${current?.id}`} class="tab-panel">
        {current?.content()}
      </div>
    </div>
  );
}
