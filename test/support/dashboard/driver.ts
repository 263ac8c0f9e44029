import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, type TestContext } from "node:test";
import { pathToFileURL } from "node:url";
import { type Browser, type ConsoleMessage, chromium, type Page, type Request } from "playwright-core";
import { root } from "../source-tree.js";

/** For what is to come up on a page: on a busy machine it is late. */
const WAIT_MS = 60_000;

/** Folder that screenshots are kept in, for who looks at them. */
const shots = process.env["MURMUR_SCREENSHOTS"] ?? "";
const isKeeping = shots !== "";

const finding = spawnSync(process.execPath, [join(root, "scripts/browser.mjs"), "--find"], { encoding: "utf8" });
const program = finding.status === 0 ? finding.stdout.trim() : undefined;

/** For `skip` of a test: says what is missing and how to get it; `false`: there is a Chromium. */
export const noBrowser: string | false = program === undefined ? finding.stderr.trim().replaceAll("\n", " ") : false;

interface BrowserScript {
  browserEnvironment(path: string): Readonly<Record<string, string>>;
}

interface Widths {
  readonly content: number;
  readonly window: number;
  /** What reaches furthest. */
  readonly widest: string;
}

const WIDTHS = `(() => {
  const { scrollWidth: content, clientWidth: window } = document.documentElement;
  const reach = (element) => element.getBoundingClientRect().right;
  const widest = content <= window ? undefined : [...document.querySelectorAll("body *")].sort((a, b) => reach(b) - reach(a))[0];
  return { content, window, widest: widest?.outerHTML.slice(0, 300) ?? "" };
})()`;

type Looks = readonly (readonly [width: number, colorSchemes: readonly ("light" | "dark")[]])[];

const ALL_LOOKS: Looks = [
  [1280, ["light", "dark"]],
  [360, ["light", "dark"]],
];
const FEWEST_LOOKS: Looks = [
  [1280, ["light"]],
  [360, ["dark"]],
];

/** How a page is looked at. */
export interface ViewOptions {
  /** Pixels. */
  readonly width?: number;
  readonly height?: number;
  readonly colorScheme?: "light" | "dark";
  /** The server's key, as if somebody had given it to this tab. */
  readonly key?: string;
  /** Certificates of servers are not looked at. */
  readonly isTrusting?: boolean;
  /** Gets a tab that nobody else gets: what this test does to it cannot be taken back, a script at its start or another clock. */
  readonly isAlone?: boolean;
}

/** A document with nothing in it: a browser asks for the icon of one that names none. */
const BARE = '<link rel="icon" href="data:,">';

/** A page of the dashboard in a tab that nobody else has meanwhile, with nothing of what others stored in it. */
export class View {
  /** Errors and warnings of the console, failures of scripts, breaches of the policy, requests to other hosts. */
  readonly problems: string[] = [];
  readonly #allowed: RegExp[] = [];

  constructor(
    readonly page: Page,
    readonly address: string,
  ) {
    const { host } = new URL(address);
    page.on("console", (message: ConsoleMessage) => {
      if (message.type() === "error" || message.type() === "warning") {
        this.#note(`console: ${message.text()} (${message.location().url})`);
      }
    });
    page.on("pageerror", (error) => this.#note(`script: ${error.stack ?? error.message}`));
    page.on("request", (request: Request) => {
      const url = new URL(request.url());
      const isOwn = url.host === host || ["blob:", "data:"].includes(url.protocol);
      if (!isOwn) this.#note(`another host is asked: ${request.url()}`);
    });
  }

  #note(problem: string): void {
    this.problems.push(problem);
  }

  /** What is meant to happen in this test is no problem: a browser's console tells of each answer above 399, for example. */
  allow(pattern: RegExp): void {
    this.#allowed.push(pattern);
  }

  /** Goes to a link such as `/collections/c/points`, and waits until its title is there. */
  async go(link: string, title?: string | RegExp): Promise<void> {
    await this.page.goto(`${this.address}/dashboard/#${link}`);
    await this.page.getByRole("heading", { level: 1, ...(title === undefined ? {} : { name: title }) }).waitFor();
  }

  /** Everything that is read on the page. */
  async text(): Promise<string> {
    return this.page.locator("body").innerText();
  }

  /** Waits until the page shows a text. */
  async shows(text: string | RegExp, timeoutMs = WAIT_MS): Promise<void> {
    await this.page.getByText(text).first().waitFor({ timeout: timeoutMs });
  }

  /** Nothing but what was allowed went wrong, and nothing is wider than the window. */
  async assertSound(): Promise<void> {
    const problems = this.problems.filter((problem) => !this.#allowed.some((pattern) => pattern.test(problem)));
    assert.deepEqual(problems, []);
    const { content, window, widest } = (await this.page.evaluate(WIDTHS)) as Widths;
    assert.ok(content <= window, `the page is ${content} pixels wide in a window of ${window}: ${widest}`);
  }

  /** A picture of the whole page, as a file in MURMUR_SCREENSHOTS; without that there is nobody to look at it, and none is taken. */
  async shot(name: string): Promise<void> {
    if (!isKeeping) return;
    const picture = await this.page.screenshot({ fullPage: true, animations: "disabled" });
    mkdirSync(shots, { recursive: true });
    writeFileSync(join(shots, `${name}.png`), picture);
  }

  /**
   * Pictures of the page as it is now, at 1280 and 360 pixels, dark and light; checks each time that it is sound. Where nobody keeps
   * pictures, each width is seen in one of both: no colour makes a page wider.
   */
  async look(name: string): Promise<void> {
    const before = this.page.viewportSize();
    for (const [width, colorSchemes] of isKeeping ? ALL_LOOKS : FEWEST_LOOKS) {
      await this.page.setViewportSize({ width, height: 800 });
      for (const colorScheme of colorSchemes) {
        await this.page.emulateMedia({ colorScheme });
        // what draws on a canvas does so with the next frame
        await this.page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))");
        await this.shot(`${name}-${width}-${colorScheme}`);
        await this.assertSound();
      }
    }
    if (before !== null) await this.page.setViewportSize(before);
  }
}

/** Goes to an empty document of the server's origin, where the storage of the dashboard is. */
async function goBare(page: Page, address: string): Promise<void> {
  const url = `${address}/bare`;
  await page.route(url, (route) => route.fulfill({ contentType: "text/html", body: BARE }));
  await page.goto(url);
  await page.unroute(url);
}

/** Takes back all that a test did to its page. */
async function leave({ page, address }: View): Promise<void> {
  for (const event of ["console", "pageerror", "request"]) page.removeAllListeners(event);
  await page.unrouteAll({ behavior: "ignoreErrors" });
  await page.mouse.move(0, 0);
  await goBare(page, address);
  await page.evaluate("localStorage.clear(); sessionStorage.clear()");
}

/** A headless Chromium for the tests of one file, made at its top, before its servers. It starts with the first page and ends after the tests. */
export class Driver {
  #launched: Promise<Browser> | undefined;
  /** Pages of tests that have ended: one costs a process, and the scripts of the dashboard compiled again. */
  readonly #left: Page[] = [];

  constructor() {
    after(() => this.#close());
  }

  async #launch(): Promise<Browser> {
    assert.ok(program, String(noBrowser));
    const script = (await import(pathToFileURL(join(root, "scripts/lib/browser.mjs")).href)) as BrowserScript;
    return chromium.launch({
      executablePath: program,
      // whoever runs tests as root, in a container for example, has no sandbox
      chromiumSandbox: false,
      env: { ...(process.env as Record<string, string>), ...script.browserEnvironment(program) },
    });
  }

  async #newPage(isTrusting: boolean): Promise<Page> {
    const browser = await (this.#launched ??= this.#launch());
    const context = await browser.newContext({
      ignoreHTTPSErrors: isTrusting,
      permissions: ["clipboard-read", "clipboard-write"],
    });
    context.setDefaultTimeout(WAIT_MS);
    return context.newPage();
  }

  /** Opens a page of the dashboard of the server at `address`. It is closed with the test, and must have been sound until then. */
  async open(test: TestContext, address: string, link = "/overview", options: ViewOptions = {}): Promise<View> {
    const { width = 1280, height = 800, colorScheme = "light", key, isTrusting = false, isAlone = false } = options;
    const isShared = !isTrusting && !isAlone;
    const page = (isShared ? this.#left.pop() : undefined) ?? (await this.#newPage(isTrusting));
    await page.setViewportSize({ width, height });
    await page.emulateMedia({ colorScheme });
    if (key !== undefined) {
      await goBare(page, address);
      await page.evaluate(`sessionStorage.setItem("murmuration.key", ${JSON.stringify(key)})`);
    }
    const view = new View(page, address);
    test.after(async () => {
      let isLeft = false;
      try {
        await view.assertSound();
        if (isShared) await leave(view);
        isLeft = isShared;
      } finally {
        if (isLeft) this.#left.push(page);
        else await page.context().close();
      }
    });
    await view.go(link);
    return view;
  }

  async #close(): Promise<void> {
    // a hook that fails keeps those after it from running: that it did not start was said by the first test
    await (await this.#launched?.catch(() => undefined))?.close();
  }
}
