/** Colours are variables: the page follows the reader's choice of light or dark. */
export const style = `
:root { color-scheme: light dark; --back: #fff; --text: #1d2126; --quiet: #6b7280; --lane: #9aa3ae; --bad: #b3001b; --bad-back: #fdf0f0;
  --operations: #1f6fb2; --request: #7d55b5; --other: #8a8f98; --write: #1f7a2e; --refused: #a65a00; --start: #0b7285; }
@media (prefers-color-scheme: dark) { :root { --back: #14171b; --text: #e6e8eb; --quiet: #98a1ad; --lane: #59626e; --bad: #ff6b78; --bad-back: #2d1b1e;
  --operations: #6db3f2; --request: #bd9bef; --other: #8f97a3; --write: #6fce80; --refused: #f0a94f; --start: #4fc3d5; } }
body { font: 15px/1.45 system-ui, sans-serif; margin: 24px; color: var(--text); background: var(--back); }
h1 { font-size: 22px; } h2 { font-size: 17px; margin: 24px 0 8px; }
pre { background: var(--bad-back); padding: 12px; overflow: auto; max-width: 1100px; white-space: pre-wrap; overflow-wrap: anywhere; }
.bad { color: var(--bad); } .wide { overflow-x: auto; }
td { padding: 1px 14px 1px 0; vertical-align: top; overflow-wrap: anywhere; } td:first-child { color: var(--quiet); text-align: right; white-space: nowrap; }
.legend span { display: inline-block; margin-right: 18px; color: var(--quiet); } .legend svg { vertical-align: -4px; } a { color: var(--operations); }
svg text { font: 12px system-ui, sans-serif; fill: var(--text); } svg .head { font-weight: 600; font-size: 14px; } svg .time { fill: var(--quiet); font-size: 11px; }
.lane { stroke: var(--lane); } .label { paint-order: stroke; stroke: var(--back); stroke-width: 4px; }
.message line { stroke: var(--other); } .message .label { fill: var(--quiet); }
.message.operations line { stroke: var(--operations); } .message.request line { stroke: var(--request); }
.message.lost line { stroke: var(--bad); stroke-dasharray: 5 3; } .message.lost .label { fill: var(--bad); }
.write circle { fill: var(--write); } .write .label { fill: var(--write); }
.refused circle { fill: var(--back); stroke: var(--refused); stroke-width: 2; } .refused .label { fill: var(--refused); }
.start path { fill: var(--start); } .start .label { fill: var(--start); }
.wait path { fill: var(--back); stroke: var(--request); stroke-width: 2; } .wait .label { fill: var(--quiet); }
.fault rect { fill: var(--bad); } .fault .label { fill: var(--bad); }
.band rect { fill: var(--bad); fill-opacity: 0.1; } .band text { fill: var(--bad); }
.phase line { stroke: var(--lane); stroke-dasharray: 2 4; } .phase text { fill: var(--quiet); }
.violation line { stroke: var(--bad); stroke-width: 2; } .violation .cross { stroke: var(--bad); stroke-width: 4; } .violation text { fill: var(--bad); font-weight: 600; font-size: 13px; }
.aside { opacity: 0.35; } .told line { stroke-width: 2.5; } .told .label { font-weight: 600; fill: var(--text); } .told circle { r: 7px; stroke: var(--text); stroke-width: 2; }
`;
