import { Busy } from "../../parts/busy.js";

export function Page() {
  return <Busy />;
}
