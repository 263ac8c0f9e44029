/** What the page is written in, numbers included. */
const LANGUAGE = "en";

/** Does `Intl` take it as a language? */
function isLanguageTag(text: string): boolean {
  try {
    return Intl.getCanonicalLocales(text).length === 1;
  } catch {
    return false;
  }
}

/**
 * A Chromium whose machine has no language, as in a container, says that it speaks `en-US@posix`. No code that formats by that can be loaded,
 * uPlot's for one: so the browser is said to have the language of the page.
 */
export function mendLanguage(browser: Pick<Navigator, "language">): void {
  if (!isLanguageTag(browser.language))
    Object.defineProperty(browser, "language", { value: LANGUAGE, configurable: true });
}
