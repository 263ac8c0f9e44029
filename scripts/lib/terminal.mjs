const onTerminal = process.stderr.isTTY === true;

/** One line of progress on stderr; nothing when stderr is no terminal, unless `always` is set. */
export function say(line, { always = false } = {}) {
  if (onTerminal || always) process.stderr.write(`${line}\n`);
}

/**
 * A progress bar on stderr; silent when stderr is no terminal or the library is not installed yet.
 * Returns `{ update(done), stop() }`.
 */
export async function progressBar(label, total) {
  if (!onTerminal) return { update() {}, stop() {} };
  const library = await import("cli-progress").catch(() => undefined);
  if (library === undefined) {
    say(label);
    return { update() {}, stop() {} };
  }
  const { SingleBar, Presets } = library.default;
  const bar = new SingleBar({ format: `${label} {bar} {percentage}% {eta_formatted}` }, Presets.shades_grey);
  bar.start(total, 0);
  return { update: (done) => bar.update(done), stop: () => bar.stop() };
}

/** Prints `text` and ends the process with 0 when the arguments ask for help. */
export function helpOnRequest(text, args = process.argv.slice(2)) {
  if (!args.includes("--help") && !args.includes("-h")) return;
  process.stdout.write(`${text.trim()}\n`);
  process.exit(0);
}
