import { signal } from "@preact/signals";

/** Colours of the page; "system": as the machine has it. */
export type Theme = "system" | "light" | "dark";

const THEME = "murmuration.theme";

function stored(): Theme {
  const text = localStorage.getItem(THEME);
  return text === "light" || text === "dark" ? text : "system";
}

/** The theme in force, as it was chosen. */
export const theme = signal<Theme>(stored());

const prefersDark = matchMedia("(prefers-color-scheme: dark)");

/** Is the page dark now? What draws on a canvas draws anew when it changes. */
export const isDark = signal(false);

function show(): void {
  isDark.value = theme.value === "dark" || (theme.value === "system" && prefersDark.matches);
  document.documentElement.dataset["theme"] = isDark.value ? "dark" : "light";
}

prefersDark.addEventListener("change", show);
show();

/** Chooses the theme of this browser. */
export function setTheme(chosen: Theme): void {
  theme.value = chosen;
  localStorage.setItem(THEME, chosen);
  show();
}
