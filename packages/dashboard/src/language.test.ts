import assert from "node:assert/strict";
import { test } from "node:test";
import { mendLanguage } from "./language.js";

test("a browser that names no language has that of the page, and others keep theirs", () => {
  for (const [named, kept] of [
    ["en-US@posix", "en"],
    ["C", "en"],
    ["", "en"],
    ["de-CH", "de-CH"],
    ["zh-Hant-TW", "zh-Hant-TW"],
  ] as const) {
    // as browsers have it: not to be written, and of the prototype
    const browser = Object.create({
      get language() {
        return named;
      },
    }) as Navigator;
    mendLanguage(browser);
    assert.equal(browser.language, kept);
    assert.doesNotThrow(() => new Intl.NumberFormat(browser.language));
  }
});
