/** The settings in force, searchable; and their values wherever else the page names one. */

import { askJson, keep } from "./api.js";
import { element, find, table } from "./elements.js";
import { onLanguage, t } from "./words.js";

let settings = [];

async function readSettings() {
  ({ settings } = await askJson("v1/settings"));
  show();
}

function show() {
  const wanted = find("#settings-search").value.toLowerCase();
  const onlyChanged = find("#settings-changed").checked;
  const rows = settings
    .filter((one) => `${one.name} ${one.description}`.toLowerCase().includes(wanted))
    .filter((one) => !onlyChanged || !one.is_default)
    .map((one) => [
      element("code", { title: `${one.flag}  ${one.variable}` }, one.name),
      element(one.is_default ? "span" : "strong", {}, written(one.value)),
      one.allowed,
      one.description,
    ]);
  const headings = ["Setting", "Value", "Allowed", "Meaning"].map((heading) => t(heading));
  find("#settings").replaceChildren(table(t("Settings in force"), headings, rows));
  for (const place of document.querySelectorAll("[data-setting]")) {
    const found = settings.find((one) => one.name === place.dataset.setting);
    place.textContent = found ? `${found.name} = ${written(found.value)}` : place.dataset.setting;
  }
}

function written(value) {
  if (value === null || value === "" || value?.length === 0) return t("no value");
  if (typeof value === "boolean") return t(value ? "on" : "off");
  return Array.isArray(value) ? value.join(", ") : String(value);
}

find("#settings-search").addEventListener("input", show);
find("#settings-changed").addEventListener("change", show);
onLanguage(show);
keep(60, readSettings);
