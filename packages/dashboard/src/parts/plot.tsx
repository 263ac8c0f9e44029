import { useEffect, useRef, useState } from "preact/hooks";
import type uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { timeRange } from "../plot/time-range.js";
import { isDark } from "../theme.js";
import { ErrorBox } from "./error-box.js";

/** One line of a plot. */
export interface PlotSeries {
  readonly label: string;
  /** One for each time; `null` is a gap. */
  readonly values: readonly (number | null)[];
}

export interface PlotProps {
  readonly title: string;
  /** Seconds since 1970, ascending. */
  readonly times: readonly number[];
  readonly series: readonly PlotSeries[];
  readonly format: (value: number) => string;
  readonly height?: number;
  /** Steps of the axis are powers of two. */
  readonly isBytes?: boolean;
  /** The least that the upper end of the axis shows. */
  readonly minimum?: number;
}

const POWERS_OF_TWO = Array.from({ length: 50 }, (_, power) => 2 ** power);

const colour = (name: string) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

function optionsOf(props: PlotProps, width: number, onCursor: (at: number | undefined) => void): uPlot.Options {
  const { series, format, height = 150, minimum = 0 } = props;
  const axis = {
    stroke: colour("--text-soft"),
    font: `11px ${colour("--font")}`,
    grid: { stroke: colour("--grid"), width: 1 },
    ticks: { show: false },
  };
  return {
    width,
    height,
    padding: [8, 24, 0, 0],
    legend: { show: false },
    cursor: { y: false, drag: { x: false, y: false }, points: { size: 6 } },
    scales: {
      x: { range: (plot) => timeRange(plot.data[0]) },
      y: { range: (_, __, high) => [0, Math.max((high ?? 0) * 1.1, minimum, Number.MIN_VALUE)] },
    },
    axes: [
      {
        ...axis,
        space: 70,
        size: 24,
        values: [
          [3600, "{HH}:{mm}"],
          [60, "{HH}:{mm}"],
          [1, "{HH}:{mm}:{ss}"],
        ],
      },
      {
        ...axis,
        size: 62,
        ...(props.isBytes === true ? { incrs: POWERS_OF_TWO } : {}),
        space: 34,
        values: (_, splits) => splits.map((value) => (value === 0 ? "0" : format(value))),
      },
    ],
    series: [
      {},
      ...series.map((_, at) => ({
        stroke: colour(`--series-${(at % 6) + 1}`),
        width: 1.5,
        spanGaps: false,
        // a line of one point is none
        points: { show: (plot: uPlot) => (plot.data[0]?.length ?? 0) < 3, size: 4 },
        ...(series.length === 1 ? { fill: `${colour(`--series-${(at % 6) + 1}`)}1f` } : {}),
      })),
    ],
    hooks: { setCursor: [(plot) => onCursor(plot.cursor.idx ?? undefined)] },
  };
}

const dataOf = ({ times, series }: PlotProps): uPlot.AlignedData =>
  [times, ...series.map(({ values }) => values)] as uPlot.AlignedData;

/** Lines over time, drawn on a canvas. Its legend says the latest values, and under the pointer those of that time. */
export function Plot(props: PlotProps) {
  const { title, series, format, times, height = 150 } = props;
  const box = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot>(undefined);
  const latest = useRef(props);
  latest.current = props;
  const [cursor, setCursor] = useState<number>();
  const [failure, setFailure] = useState<Error>();
  const dark = isDark.value;
  const lines = series.map(({ label }) => label).join("\n");
  useEffect(() => {
    const element = box.current;
    if (element === null) return;
    let isGone = false;
    const resized = new ResizeObserver(() => {
      if (element.clientWidth > 0) plot.current?.setSize({ width: element.clientWidth, height });
    });
    import("uplot").then(
      ({ default: UPlot }) => {
        if (isGone) return;
        plot.current = new UPlot(
          optionsOf(latest.current, element.clientWidth, setCursor),
          dataOf(latest.current),
          element,
        );
        resized.observe(element);
      },
      (error: unknown) => setFailure(error as Error),
    );
    return () => {
      isGone = true;
      resized.disconnect();
      plot.current?.destroy();
      plot.current = undefined;
    };
  }, [dark, lines, height]);
  useEffect(() => plot.current?.setData(dataOf(props)));
  const at = cursor ?? times.length - 1;
  const shown = (values: PlotSeries["values"]) => {
    const value = values[at];
    return value === null || value === undefined ? "–" : format(value);
  };
  return (
    <figure class="plot">
      <figcaption class="plot-head">
        <span class="plot-title">{title}</span>
        <span class="plot-legend">
          {series.map(({ label, values }, index) => (
            <span key={label}>
              <span class={`plot-line plot-line-${(index % 6) + 1}`} aria-hidden="true" />
              {label} <strong>{shown(values)}</strong>
            </span>
          ))}
        </span>
      </figcaption>
      <ErrorBox what="It could not be drawn" error={failure} />
      {/* what it draws is said by the legend */}
      <div ref={box} class="plot-box" style={{ height: `${height}px` }} aria-hidden="true" />
    </figure>
  );
}
