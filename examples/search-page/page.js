const form = document.querySelector("form");
const list = document.querySelector("ol");
const status = document.querySelector("[role=status]");
let asked = 0;

/** What comes from data becomes text, never HTML. */
function element(tag, text) {
  const made = document.createElement(tag);
  made.textContent = text;
  made.dir = "auto";
  return made;
}

async function search() {
  const own = ++asked;
  const given = [...new FormData(form)].filter(([, value]) => value !== "");
  const response = await fetch(`/search?${new URLSearchParams(given)}`);
  const answer = await response.json();
  // a later question may have been answered first
  if (own !== asked) return;
  if (!response.ok) {
    status.textContent = answer.error;
    list.replaceChildren();
    return;
  }
  status.textContent = answer.found.length === 0 ? "Nothing fits." : "";
  const items = answer.found.map(({ name, kind, city, price, text, score }) => {
    const item = document.createElement("li");
    const about = `${kind}, ${city}, ${price === 0 ? "free" : price} · ${score.toFixed(2)}`;
    item.append(element("strong", name), element("span", ` ${text}`), element("small", about));
    return item;
  });
  list.replaceChildren(...items);
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  search();
});
form.addEventListener("change", search);
search();
