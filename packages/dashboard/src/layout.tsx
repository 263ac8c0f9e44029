import type { ComponentChildren } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";
import { apiKey, askForKey, forgetKey, isKeyRefused, isReadOnly } from "./api.js";
import { KeyDialog } from "./key-dialog.js";
import type { PageEntry } from "./page.js";
import { pages } from "./pages.js";
import { Data } from "./parts/data.js";
import { isDialogOpen, Questions } from "./parts/dialog.js";
import { Toasts } from "./parts/toast.js";
import { href } from "./route.js";
import { setTheme, type Theme, theme } from "./theme.js";

const themes: readonly { readonly value: Theme; readonly label: string }[] = [
  { value: "system", label: "As the system" },
  { value: "light", label: "Light" },
  { value: "dark", label: "Dark" },
];

function ThemeChoice() {
  return (
    <label class="theme">
      <span>Colours</span>
      <select value={theme.value} onChange={(event) => setTheme(event.currentTarget.value as Theme)}>
        {themes.map(({ value, label }) => (
          <option key={value} value={value} selected={value === theme.value}>
            {label}
          </option>
        ))}
      </select>
    </label>
  );
}

function Mark() {
  return (
    <svg class="mark" viewBox="0 0 32 32" aria-hidden="true">
      <circle cx="16" cy="16" r="3.2" />
      <circle cx="7" cy="11" r="2.4" />
      <circle cx="25" cy="11" r="2.4" />
      <circle cx="11" cy="24" r="2.4" />
      <circle cx="22" cy="24" r="2.4" />
      <circle cx="16" cy="5" r="1.8" />
    </svg>
  );
}

function Navigation({ current }: { readonly current: PageEntry | undefined }) {
  const isCurrent = (page: PageEntry) =>
    page === current || (page.path === "/collections" && current?.path.startsWith("/collections/") === true);
  return (
    <nav aria-label="Pages">
      <ul>
        {pages
          .filter(({ place }) => place === "main")
          .map((page) => (
            <li key={page.path}>
              <a href={href(page.path)} aria-current={isCurrent(page) ? "page" : undefined}>
                {page.title}
              </a>
            </li>
          ))}
      </ul>
    </nav>
  );
}

/** The head of the pages of one collection: its name, and links to the others. */
function CollectionHead({ collection, current }: { readonly collection: string; readonly current: PageEntry }) {
  const tabs = pages.filter(({ place }) => place === "collection");
  return (
    <header class="collection-head">
      <p class="crumbs">
        <a href={href("/collections")}>Collections</a> <span aria-hidden="true">/</span>
      </p>
      <h1>
        <Data text={collection} max={80} isBrief />
      </h1>
      <nav aria-label="Pages of this collection">
        <ul>
          {tabs.map((page) => (
            <li key={page.path}>
              <a href={href(page.path, { collection })} aria-current={page === current ? "page" : undefined}>
                {page.title}
              </a>
            </li>
          ))}
        </ul>
      </nav>
    </header>
  );
}

export interface LayoutProps {
  readonly page: PageEntry | undefined;
  readonly params: Readonly<Record<string, string>>;
  readonly children: ComponentChildren;
}

/** What is around every page: navigation, theme, key, questions and messages. */
export function Layout({ page, params, children }: LayoutProps) {
  const main = useRef<HTMLElement>(null);
  const shown = useRef(page);
  const { collection } = params;
  const isOfCollection = collection !== undefined && page?.place === "collection";
  // with the heading, and not a frame later
  useLayoutEffect(() => {
    document.title = `${isOfCollection ? `${collection.slice(0, 60)} · ` : ""}${page?.title ?? "Not found"} · Murmuration`;
    // who goes on by keyboard, or hears the page, begins at the new one
    if (shown.current !== page) main.current?.focus();
    shown.current = page;
  }, [page, collection, isOfCollection]);
  return (
    <>
      <button type="button" class="skip" onClick={() => main.current?.focus()}>
        Skip to the page
      </button>
      <header class="side">
        <a class="brand" href={href("/overview")}>
          <Mark />
          <span class="brand-word">Murmuration</span>
        </a>
        <Navigation current={page} />
        <div class="side-end">
          {isKeyRefused.value ? (
            <button type="button" class="small" onClick={askForKey}>
              Give a key
            </button>
          ) : null}
          {apiKey.value === "" ? null : (
            <button type="button" class="small" onClick={forgetKey}>
              Forget the key
            </button>
          )}
          <ThemeChoice />
        </div>
      </header>
      <main id="main" ref={main} tabIndex={-1}>
        {isReadOnly ? (
          <p class="error-box" role="alert">
            This browser cannot keep the digits of integers beyond 2^53 in JSON: ids and numbers that large are shown
            rounded, and nothing is written. A browser of today can.
          </p>
        ) : null}
        {isOfCollection ? (
          <CollectionHead collection={collection} current={page} />
        ) : (
          <h1 class="page-title">{page?.title ?? "Not found"}</h1>
        )}
        {children}
      </main>
      <Questions />
      <KeyDialog />
      <Toasts isTopmost={!isDialogOpen.value} />
    </>
  );
}
