/** The page's two languages. English texts are the keys; Chinese ones are in a table. */

import { find } from "./elements.js";
import { zh } from "./zh.js";

const KEPT = "language";
const chinese = { ...zh };
const listeners = [];
let language = localStorage.getItem(KEPT) ?? (navigator.language.startsWith("zh") ? "zh" : "en");

/** t("{0} of {1}", 3, 5): a text in the page's language. */
export function t(text, ...values) {
  const said = language === "zh" ? chinese[text] ?? text : text;
  return said.replace(/\{(\d)\}/g, (_, index) => values[index]);
}

/** Add what a service says in Chinese. */
export function addChinese(table) {
  Object.assign(chinese, table);
  translate();
}

/** Call when the page's language changes. */
export function onLanguage(listener) {
  listeners.push(listener);
}

export const number = (value, digits = 0) =>
  new Intl.NumberFormat(language, { maximumFractionDigits: digits }).format(value);

/** The languages of tags, each once: ["en-US", "en"] is "English". */
export function languageNames(tags) {
  const names = new Intl.DisplayNames([language], { type: "language" });
  return [...new Set(tags.map((tag) => names.of(tag.split("-")[0])))].join(", ");
}

export const clock = (iso) => new Date(iso).toLocaleTimeString(language);

function translate() {
  document.documentElement.lang = language;
  for (const one of document.querySelectorAll("[data-t]")) {
    one.dataset.t ||= one.textContent.trim().replace(/\s+/g, " ");
    one.textContent = t(one.dataset.t);
  }
}

find("#language").value = language;
find("#language").addEventListener("change", (event) => {
  language = event.target.value;
  localStorage.setItem(KEPT, language);
  translate();
  listeners.forEach((listener) => listener());
});
translate();
