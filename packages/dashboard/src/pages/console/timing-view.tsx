import { bytes, duration } from "../../format.js";
import { type Span, spansOf, type Times } from "../../requests/server-timing.js";

export interface TimingViewProps extends Times {
  /** Of the answer's text. */
  readonly bytes: number;
  /** Of what came over the network, where the browser tells: less where it was compressed. */
  readonly transferBytes: number | undefined;
}

function Bar({ span, wholeMs }: { readonly span: Span; readonly wholeMs: number }) {
  const scale = wholeMs > 0 ? 100 / wholeMs : 0;
  return (
    <span class="timing-track" aria-hidden="true">
      <span
        class={span.isServer ? "timing-bar" : "timing-bar timing-way"}
        style={{ marginLeft: `${Math.min(span.from * scale, 99.5)}%`, width: `${Math.max(span.ms * scale, 0.5)}%` }}
      />
    </span>
  );
}

/** Where the time of a request went. */
export function TimingView(props: TimingViewProps) {
  const { tookMs, parts, bytes: answerBytes, transferBytes } = props;
  const spans = spansOf(props);
  const whole = parts.find(({ name }) => name === "total");
  const over = transferBytes === undefined || transferBytes === 0 ? "" : `, ${bytes(transferBytes)} over the network`;
  return (
    <div class="timing">
      <p>
        <strong>{duration(tookMs / 1_000)}</strong> in all
        {whole === undefined ? "" : `, ${duration(whole.ms / 1_000)} of it in the server`}; {bytes(answerBytes)} of JSON
        {over}
      </p>
      <table>
        <caption class="heard">Where the time went</caption>
        <thead>
          <tr class="heard">
            <th scope="col">Part</th>
            <th scope="col">Where on the way</th>
            <th scope="col">Time</th>
          </tr>
        </thead>
        <tbody>
          {spans.map((span) => (
            <tr key={span.title}>
              <th scope="row">{span.title}</th>
              <td class="timing-cell">
                <Bar span={span} wholeMs={tookMs} />
              </td>
              <td class="number">{duration(span.ms / 1_000)}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {parts.length === 0 ? <p class="soft">The server told nothing of its own time.</p> : null}
    </div>
  );
}
