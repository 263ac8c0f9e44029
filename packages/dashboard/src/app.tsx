import type { ComponentType } from "preact";
import { useEffect, useErrorBoundary, useState } from "preact/hooks";
import { timesForgotten } from "./api.js";
import { Layout } from "./layout.js";
import type { PageEntry, PageProps } from "./page.js";
import { pages, startPath } from "./pages.js";
import { Busy } from "./parts/busy.js";
import { ErrorBox } from "./parts/error-box.js";
import { go, place } from "./place.js";
import { href, matchPath } from "./route.js";

type Code = ComponentType<PageProps> | Error;

/** Code of pages that were opened. */
const loaded = new Map<PageEntry, ComponentType<PageProps>>();

function usePage(page: PageEntry | undefined): { readonly code: Code | undefined; readonly retry: () => void } {
  const [, setTurn] = useState(0);
  const [failed, setFailed] = useState<{ readonly page: PageEntry; readonly error: Error }>();
  const code = page === undefined ? undefined : loaded.get(page);
  useEffect(() => {
    if (page === undefined || code !== undefined || failed?.page === page) return;
    page.load().then(
      ({ Page }) => {
        loaded.set(page, Page);
        setTurn((turn) => turn + 1);
      },
      (error: unknown) => setFailed({ page, error: error as Error }),
    );
  }, [page, code, failed]);
  return { code: code ?? (failed?.page === page ? failed?.error : undefined), retry: () => location.reload() };
}

/** The page that the hash names. */
export function App() {
  const { path, query } = place.value;
  const isStart = path === "/";
  useEffect(() => {
    if (isStart) go(href(startPath), { replace: true });
  }, [isStart]);
  let page: PageEntry | undefined;
  let params: Readonly<Record<string, string>> = {};
  for (const one of pages) {
    const matched = matchPath(one.path, isStart ? startPath : path);
    if (matched === undefined) continue;
    [page, params] = [one, matched];
    break;
  }
  const { code, retry } = usePage(page);
  return (
    <Layout page={page} params={params}>
      {page === undefined ? (
        <p>
          There is no such page. <a href={href(startPath)}>To the overview</a>
        </p>
      ) : code === undefined ? (
        <Busy />
      ) : code instanceof Error ? (
        <ErrorBox what="This page could not be loaded" error={code} onRetry={retry} />
      ) : (
        <Shown
          key={`${page.path} ${JSON.stringify(params)} ${timesForgotten.value}`}
          code={code}
          params={params}
          query={query}
        />
      )}
    </Layout>
  );
}

/** A page; where its code fails, because an answer is not what it should be for example, the rest stays and says so. */
function Shown({ code: Page, ...props }: PageProps & { readonly code: ComponentType<PageProps> }) {
  const [error, reset] = useErrorBoundary();
  if (error === undefined) return <Page {...props} />;
  return <ErrorBox what="This page failed" error={error as Error} onRetry={reset} />;
}
