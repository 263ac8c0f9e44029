/** Names of collections that do harm where a page lets them turn what is around them, has no bound for them, escapes them wrongly, or shows nothing of them. */
export const hostileNames: readonly string[] = [
  "\u202Egnp.exe\u202C left over \u2067right",
  "שלום עולם مرحبا",
  "__proto__",
  "\u00a0\u2003",
  "long-ü".repeat(40),
  "%2e%2e%2f & x=1#y; ' onload=alert(1)",
];

/** Texts for payloads, that would do harm where a page took them for markup besides. */
export const hostileTexts: readonly string[] = [
  ...hostileNames,
  '<img src=x onerror="document.title=1">',
  "<script>document.title='taken over'</script>",
  "</td></table><style>*{display:none}</style>",
  "javascript:alert(1)",
  "huge ".repeat(40_000),
];

/** Has any of it come to be more than text? To be asked of a page that shows them. */
export const harmDone = `document.querySelectorAll("main img, main script, main style, main [onerror]").length > 0 ||
  document.querySelectorAll("a[href^='javascript:']").length > 0 || document.title.includes("taken")`;
