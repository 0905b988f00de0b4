/** The latest requests: a table, a histogram, and whoever else wants them. */

import { askJson, keep } from "./api.js";
import { histogram } from "./charts.js";
import { element, find, table } from "./elements.js";
import { clock, number, onLanguage, t } from "./words.js";

const PREFERRED = ["speech_end_to_transcript", "first_audio", "end_to_result"];
const listeners = [];
let latest = { requests: [], shows_texts: false };
let shown = "";

/** Call with the latest requests, the newest first, whenever there are others. */
export function onRequests(listener) {
  listeners.push(listener);
  listener(latest.requests);
}

async function readRequests() {
  latest = await askJson("v1/requests");
  const seen = JSON.stringify(latest);
  if (seen === shown) return; // whoever reads the table is not disturbed
  shown = seen;
  show();
}

function show() {
  const { requests, shows_texts } = latest;
  find("#requests-note").textContent = t("Kept in memory only: the latest {0}.", requests.length)
    + (shows_texts ? "" : ` ${t("Texts are hidden; the setting http_show_texts shows them.")}`);
  const headings = ["Time", "Kind", "Outcome", "Language", "Audio", "Stages, ms", ...(shows_texts ? ["Text"] : [])];
  find("#requests").replaceChildren(requests.length
    ? table(t("Recent requests"), headings.map((heading) => t(heading)), requests.map((one) => row(one, shows_texts)))
    : t("None yet."));
  showStages(requests);
  listeners.forEach((listener) => listener(requests));
}

function row(request, showsTexts) {
  const stages = Object.entries(request.stages_ms).map(([name, ms]) => `${named(name)} ${number(ms)}`);
  return [
    clock(request.ended_at),
    request.kind,
    t(request.outcome),
    request.language ?? "",
    request.audio_seconds === undefined ? "" : t("{0} s", number(request.audio_seconds, 1)),
    stages.join(" · "),
    ...(showsTexts ? [request.text ?? request.error ?? ""] : []),
  ];
}

function showStages(requests) {
  const select = find("#stage");
  const stages = [...new Set(requests.flatMap((one) => Object.keys(one.stages_ms)))];
  const chosen = stages.includes(select.value) ? select.value : PREFERRED.find((name) => stages.includes(name));
  select.replaceChildren(...stages.map((name) =>
    element("option", { value: name, selected: name === chosen }, named(name))));
  showHistogram();
}

function showHistogram() {
  const stage = find("#stage").value;
  const times = latest.requests.map((one) => one.stages_ms[stage]).filter((ms) => ms !== undefined);
  find("#histogram").replaceChildren(times.length ? histogram(times) : t("None yet."));
}

const named = (stage) => t(stage.replaceAll("_", " "));

find("#stage").addEventListener("change", showHistogram);
onLanguage(show);
show();
export const refreshRequests = keep(2, readRequests);
