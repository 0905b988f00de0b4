/** Making elements. Text is always text here, never markup, whoever wrote it. */

const SVG = "http://www.w3.org/2000/svg";

export const find = (selector) => document.querySelector(selector);

/** element("button", { type: "button", onclick: stop }, "Stop") */
export function element(name, attributes = {}, ...children) {
  return filled(document.createElement(name), attributes, children);
}

export function svg(name, attributes = {}, ...children) {
  return filled(document.createElementNS(SVG, name), attributes, children);
}

/** A table; on a phone each row is a block of its own, for which the roles keep saying what it is. */
export function table(caption, headings, rows) {
  const head = headings.map((text) => element("th", { scope: "col", role: "columnheader" }, text));
  const row = (values) => element("tr", { role: "row" }, ...values.map((value, at) =>
    element("td", { role: "cell", "data-heading": headings[at] }, value)));
  return element("table", { role: "table" },
    element("caption", { class: "unseen" }, caption),
    element("thead", { role: "rowgroup" }, element("tr", { role: "row" }, ...head)),
    element("tbody", { role: "rowgroup" }, ...rows.map(row)));
}

/** facts(list, [["Model", "demo"], ...]) */
export function fillFacts(list, facts) {
  list.replaceChildren(...facts.flatMap(([name, value]) =>
    [element("dt", {}, name), element("dd", {}, value)]));
}

function filled(made, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") made.addEventListener(name.slice(2), value);
    else if (value === true) made.setAttribute(name, "");
    else if (value !== false && value !== null && value !== undefined) made.setAttribute(name, value);
  }
  made.append(...children.filter((child) => child !== null && child !== undefined));
  return made;
}
