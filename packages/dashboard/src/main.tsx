import { render } from "preact";
import { App } from "./app.js";
import "./style/base.css";
import "./style/layout.css";
import "./style/parts.css";

const root = document.querySelector("#app");
if (root !== null) render(<App />, root);
