/** What happened when in the latest utterance that had speech. */

import { timeline } from "./charts.js";
import { element, find } from "./elements.js";
import { onRequests } from "./requests.js";
import { number, t } from "./words.js";

onRequests((requests) => {
  const latest = requests.find((one) => one.moments_ms.speech_end !== undefined);
  find("#timeline").replaceChildren(...(latest ? described(latest.moments_ms) : [t("None yet.")]));
});

function described({ speech_start, speech_end, speculation, end, result }) {
  const spans = [
    { from: 0, to: speech_start, kind: "before" },
    { from: speech_start, to: speech_end, kind: "voice" },
    { from: speech_end, to: end, kind: "wait" },
    { from: end, to: result, kind: "work" },
  ].filter(({ from, to }) => to > from);
  const steps = [
    ["voice", t("Speech began"), speech_start],
    ["voice", t("Speech ended"), speech_end],
    ...(speculation === undefined ? [] : [["ahead", t("Recognition began ahead, in a pause"), speculation]]),
    ["wait", t("The end was judged"), end],
    ["work", t("The text was there"), result],
  ].sort((one, other) => one[2] - other[2]);
  const items = steps.map(([kind, what, at]) => element("li", {},
    element("span", { class: `key ${kind}`, "aria-hidden": "true" }),
    `${what}: ${t("{0} ms", number(at))}`,
    at > speech_end ? ` (${t("{0} ms after the last sound", number(at - speech_end))})` : ""));
  const marks = speculation === undefined ? [] : [{ at: speculation }];
  return [timeline(t("Timeline of the utterance; the list below says the same"), spans, marks), element("ul", { class: "steps", role: "list" }, ...items)];
}
