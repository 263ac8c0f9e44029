import type { ComponentChildren } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";
import { VirtualList } from "../parts/virtual-list.js";

export interface StepListProps<Step> {
  readonly label: string;
  readonly steps: readonly Step[];
  /** The step that is shown, from 0. */
  readonly at: number;
  readonly onStep: (at: number) => void;
  readonly render: (step: Step) => ComponentChildren;
  /** Whether a step is marked. */
  readonly isTold?: (step: Step) => boolean;
  /** Pixels; every step has the same. */
  readonly rowHeight: number;
  /** Pixels at most. */
  readonly height: number;
}

/** The steps of what a player plays. It follows the step that is shown, without taking the page along. */
export function StepList<Step>({ label, steps, at, onStep, render, isTold, rowHeight, height }: StepListProps<Step>) {
  const list = useRef<HTMLDivElement>(null);
  // before the paint: the step that is shown is in sight in the same frame
  useLayoutEffect(() => {
    const box = list.current?.querySelector<HTMLElement>(".virtual-list");
    if (box === null || box === undefined) return;
    const top = at * rowHeight;
    if (top < box.scrollTop || top + rowHeight > box.scrollTop + box.clientHeight)
      box.scrollTop = top - box.clientHeight / 2;
  }, [at, rowHeight]);
  return (
    <div ref={list}>
      <VirtualList
        label={label}
        items={steps}
        keyOf={(_, i) => i}
        rowHeight={rowHeight}
        height={height}
        render={(step, i) => (
          <button
            type="button"
            class={`quiet step-row ${isTold?.(step) ? "told" : ""}`}
            aria-current={i === at ? "step" : undefined}
            onClick={() => onStep(i)}
          >
            {render(step)}
          </button>
        )}
      />
    </div>
  );
}
