import type { ComponentChildren } from "preact";
import { useEffect, useState } from "preact/hooks";
import { WaitingButton } from "../parts/waiting-button.js";

export interface PlayerProps {
  /** What is played: "the walk". */
  readonly label: string;
  readonly steps: number;
  /** From 0. */
  readonly at: number;
  readonly onStep: (at: number) => void;
  readonly stepMs?: number;
  readonly children?: ComponentChildren;
}

/**
 * Goes through steps: by buttons, by a slider, by itself. Keys, wherever the focus is inside: the left and right arrow, Home, End, and the space bar to play
 * and to stop.
 */
export function Player({ label, steps, at, onStep, stepMs = 700, children }: PlayerProps) {
  const [isPlaying, setPlaying] = useState(false);
  const last = steps - 1;
  const to = (next: number) => onStep(Math.max(0, Math.min(last, next)));
  useEffect(() => {
    if (!isPlaying) return;
    if (at >= last) {
      setPlaying(false);
      return;
    }
    const timer = setTimeout(() => onStep(at + 1), stepMs);
    return () => clearTimeout(timer);
  }, [isPlaying, at, last, onStep, stepMs]);
  const play = () => {
    if (!isPlaying && at >= last) onStep(0);
    setPlaying(!isPlaying);
  };
  const keys: Readonly<Record<string, () => void>> = {
    ArrowRight: () => to(at + 1),
    ArrowLeft: () => to(at - 1),
    Home: () => to(0),
    End: () => to(last),
    " ": play,
  };
  return (
    <section
      class="steps"
      aria-label={label}
      onKeyDown={(event) => {
        const { target } = event;
        // a space presses the button that has the focus, and types where something is typed
        if (target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement) return;
        if (target instanceof HTMLInputElement && target.type !== "range") return;
        if (event.key === " " && (target instanceof HTMLButtonElement || target instanceof HTMLAnchorElement)) return;
        const act = keys[event.key];
        if (act === undefined || steps === 0) return;
        event.preventDefault();
        act();
      }}
    >
      <div class="row">
        <WaitingButton class="small" isWaiting={at <= 0} onClick={() => to(at - 1)}>
          Back
        </WaitingButton>
        <button type="button" class="small" disabled={steps === 0} aria-pressed={isPlaying} onClick={play}>
          {isPlaying ? "Stop" : "Play"}
        </button>
        <WaitingButton class="small" isWaiting={at >= last} onClick={() => to(at + 1)}>
          Forward
        </WaitingButton>
        <input
          type="range"
          class="step-slider"
          aria-label={`Step of ${label}`}
          min={0}
          max={Math.max(0, last)}
          value={at}
          onInput={(event) => to(Number(event.currentTarget.value))}
        />
        <output class="soft">
          {steps === 0 ? "no steps" : `step ${(at + 1).toLocaleString("en")} of ${steps.toLocaleString("en")}`}
        </output>
      </div>
      {children}
    </section>
  );
}
