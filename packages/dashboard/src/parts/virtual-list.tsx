import type { ComponentChildren } from "preact";
import { useLayoutEffect, useRef, useState } from "preact/hooks";

export interface VirtualListProps<Item> {
  readonly label: string;
  readonly items: readonly Item[];
  readonly keyOf: (item: Item, at: number) => string | number;
  readonly render: (item: Item, at: number) => ComponentChildren;
  /** Pixels; every row has the same. */
  readonly rowHeight: number;
  /** Pixels at most. */
  readonly height: number;
}

const BEYOND = 10;

/** A long list of which only the rows in sight are in the page. It says how many there are, and is scrolled by the keyboard. */
export function VirtualList<Item>({ label, items, keyOf, render, rowHeight, height }: VirtualListProps<Item>) {
  const box = useRef<HTMLElement>(null);
  const [top, setTop] = useState(0);
  const total = items.length * rowHeight;
  const shownHeight = Math.min(height, total);
  useLayoutEffect(() => {
    if (box.current !== null && box.current.scrollTop !== top) setTop(box.current.scrollTop);
  });
  const first = Math.max(Math.floor(top / rowHeight) - BEYOND, 0);
  const last = Math.min(Math.ceil((top + shownHeight) / rowHeight) + BEYOND, items.length);
  return (
    <section
      ref={box}
      class="virtual-list"
      aria-label={`${label}, ${items.length} in all`}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls is reached by the keyboard
      tabIndex={0}
      style={{ height: `${shownHeight}px` }}
      onScroll={(event) => setTop(event.currentTarget.scrollTop)}
    >
      <ul style={{ height: `${total}px` }}>
        {items.slice(first, last).map((item, at) => (
          <li
            key={keyOf(item, first + at)}
            aria-setsize={items.length}
            aria-posinset={first + at + 1}
            style={{ top: `${(first + at) * rowHeight}px`, height: `${rowHeight}px` }}
          >
            {render(item, first + at)}
          </li>
        ))}
      </ul>
    </section>
  );
}
