import { Presets, SingleBar } from "cli-progress";

/** A bar on a terminal; in a pipe, nothing. */
export interface ProgressBar {
  begin(from: number): void;
  update(value: number, remark: string): void;
  end(): void;
}

const none: ProgressBar = { begin: () => undefined, update: () => undefined, end: () => undefined };

/** A progress bar on stderr where that is a terminal and one is wanted; `total`: `undefined` where nobody knows it. */
export function progressBar(unit: string, total: number | undefined, isWanted: boolean): ProgressBar {
  if (!isWanted || !process.stderr.isTTY) return none;
  const shape =
    total === undefined
      ? `{value} ${unit} | {duration_formatted} {remark}`
      : `{bar} {percentage}% | {value}/{total} ${unit} | {eta_formatted} {remark}`;
  const bar = new SingleBar(
    { format: shape, hideCursor: true, etaBuffer: 50, stream: process.stderr },
    Presets.shades_classic,
  );
  return {
    begin: (from) => bar.start(total ?? 0, from, { remark: "" }),
    update: (value, remark) => bar.update(value, { remark }),
    end: () => bar.stop(),
  };
}
