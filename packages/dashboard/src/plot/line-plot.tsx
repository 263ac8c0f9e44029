import { useEffect, useRef, useState } from "preact/hooks";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { isDark } from "../theme.js";

/** One line of a plot. */
export interface Line {
  readonly label: string;
  readonly values: readonly (number | null)[];
  /** How a value is written. */
  readonly format: (value: number) => string;
}

export interface LinePlotProps {
  /** What is seen, for who does not see it, and where the same stands as text. */
  readonly label: string;
  /** Ascending and above 0: they stand apart by their logarithms. */
  readonly xs: readonly number[];
  readonly xLabel: string;
  readonly lines: readonly Line[];
  readonly yLabel: string;
  /** Bounds of the values; without them, those of the lines. */
  readonly range?: readonly [number, number];
}

const HEIGHT = 260;

/** Lines over a logarithmic axis, on a canvas, in the colours of the theme. */
export function LinePlot({ label, xs, xLabel, lines, yLabel, range }: LinePlotProps) {
  const box = useRef<HTMLDivElement>(null);
  const [width, setWidth] = useState(0);
  const dark = isDark.value;
  useEffect(() => {
    const element = box.current;
    if (element === null) return;
    const observer = new ResizeObserver(() => setWidth(Math.floor(element.clientWidth)));
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  useEffect(() => {
    const element = box.current;
    if (element === null || width === 0) return;
    const style = getComputedStyle(document.documentElement);
    const colour = (name: string) => style.getPropertyValue(name).trim();
    const format = lines[0]?.format ?? String;
    const axis = {
      stroke: colour("--text-soft"),
      grid: { stroke: colour("--grid") },
      ticks: { stroke: colour("--grid") },
    };
    const plot = new uPlot(
      {
        width,
        height: HEIGHT,
        scales: {
          x: { time: false, distr: 3, log: 2 },
          ...(range === undefined ? {} : { y: { range: [range[0], range[1]] } }),
        },
        axes: [
          { ...axis, label: xLabel, values: (_, ticks) => ticks.map((tick) => (tick === null ? "" : String(tick))) },
          {
            ...axis,
            label: yLabel,
            size: 66,
            values: (_, ticks) => ticks.map((tick) => (tick === null ? "" : format(tick))),
          },
        ],
        series: [
          { label: xLabel },
          ...lines.map((line, i) => ({
            label: line.label,
            stroke: colour(`--series-${(i % 6) + 1}`),
            width: 2,
            // lines are told apart without their colours, too
            dash: [[], [6, 4], [2, 3], [8, 3, 2, 3]][i % 4] ?? [],
            points: { show: true, size: 7 },
            value: (_: uPlot, value: number | null) => (value === null ? "–" : line.format(value)),
          })),
        ],
      },
      [[...xs], ...lines.map(({ values }) => [...values])],
      element,
    );
    return () => plot.destroy();
  }, [width, dark, xs, xLabel, lines, yLabel, range]);
  return <div ref={box} role="img" aria-label={label} />;
}
