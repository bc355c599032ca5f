// Narrows the navigation to the pages whose name or first words hold what is typed. Without scripts nothing is missing.
const field = document.querySelector("#filter");
field.hidden = false;
const entries = [...document.querySelectorAll("nav li")];
const sections = [...document.querySelectorAll("nav details")];
const open = sections.map((section) => section.open);
field.addEventListener("input", () => {
  const words = field.value.toLowerCase().split(/\s+/).filter(Boolean);
  for (const entry of entries) {
    const text = `${entry.textContent} ${entry.firstElementChild.title}`.toLowerCase();
    entry.hidden = !words.every((word) => text.includes(word));
  }
  sections.forEach((section, number) => {
    const found = section.querySelector("li:not([hidden])") !== null;
    section.hidden = !found;
    section.open = words.length ? found : open[number];
  });
});
field.addEventListener("keydown", (event) => {
  const first = document.querySelector("nav li:not([hidden]) a");
  if (event.key === "Enter" && field.value && first) first.click();
});
document.addEventListener("keydown", (event) => {
  if (event.key === "/" && document.activeElement !== field) {
    event.preventDefault();
    field.focus();
  }
});
