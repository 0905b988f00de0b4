/** The voices: which may be chosen, which are on disk, fetching and deleting them. */

import { ask, askJson, keep } from "./api.js";
import { element, find, table } from "./elements.js";
import { languageNames, number, onLanguage, t } from "./words.js";

const MB = 1e6;
const dialog = find("#delete");
let voices = [];
let shown = "";

async function readVoices() {
  ({ voices } = await askJson("v1/voices"));
  const seen = JSON.stringify(voices);
  if (seen === shown) return;
  shown = seen;
  show();
}

function show() {
  const focused = document.activeElement?.id;
  const headings = ["Voice", "Language", "On disk", ""].map((heading) => heading && t(heading));
  find("#voices").replaceChildren(table(t("Voices on disk"), headings, voices.map(row)));
  if (focused) document.getElementById(focused)?.focus(); // a table that is made anew loses it
  const select = find("#voice");
  const chosen = select.value;
  const names = voices.flatMap((one) => one.voices.map((name) => [name, one.is_on_disk]));
  select.replaceChildren(select.options[0], ...names.map(([name, isOnDisk]) =>
    element("option", { value: name, selected: name === chosen }, isOnDisk ? name : t("{0} (to be downloaded)", name))));
}

function row(one) {
  const size = t("{0} MB", number(one.bytes / MB));
  const state = one.is_downloading ? t("downloading: {0} so far", size) : one.is_on_disk ? size : t("no");
  return [
    one.voices.join(", "),
    languageNames(one.languages),
    element("span", {}, state, one.failure && element("div", { class: "error" }, one.failure)),
    action(one),
  ];
}

function action(one) {
  if (one.is_removable) {
    return element("button", { type: "button", id: `delete-${one.key}`, onclick: () => remove(one) }, t("Delete {0}", one.key));
  }
  if (one.is_on_disk) return t("put there by hand");
  const fetchIt = () => act(`v1/voices/${encodeURIComponent(one.key)}/download`, "POST");
  return element("button", { type: "button", id: `download-${one.key}`, disabled: one.is_downloading, onclick: fetchIt }, t("Download {0}", one.key));
}

function remove(one) {
  find("#delete-name").textContent = t("Delete {0} from the disk? It can be downloaded again.", one.key);
  dialog.returnValue = "cancel";
  dialog.onclose = () => {
    if (dialog.returnValue === "delete") act(`v1/voices/${encodeURIComponent(one.key)}`, "DELETE");
  };
  dialog.showModal();
}

async function act(path, method) {
  const note = find("#voices-note");
  note.textContent = "";
  try {
    await ask(path, { method });
  } catch (error) {
    note.textContent = error.message;
  }
  refresh();
}

onLanguage(show);
const refresh = keep(2, readVoices);
