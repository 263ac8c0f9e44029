import { render } from "preact";
import { App } from "./app.js";
import { mendLanguage } from "./language.js";
import "./style/base.css";
import "./style/layout.css";
import "./style/parts.css";

mendLanguage(navigator);

const root = document.querySelector("#app");
if (root !== null) render(<App />, root);
