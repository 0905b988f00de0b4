/** What the service knows of the home, and which names were heard. */

import { askJson, keep } from "./api.js";
import { element, fillFacts, find } from "./elements.js";
import { number, onLanguage, t } from "./words.js";

let shown = "";

async function readHome() {
  const { home } = await askJson("v1/home");
  const seen = JSON.stringify(home);
  if (seen === shown) return;
  shown = seen;
  find("#home").replaceChildren(...(home ? described(home) : [unknown()]));
}

function described({ languages, counts, names, heard, transcripts }) {
  const facts = element("dl", { class: "facts" });
  fillFacts(facts, [
    [t("Ready in"), languages.join(", ") || "–"],
    ...Object.entries(counts).map(([kind, count]) => [t(kind), number(count)]),
  ]);
  const list = (items) => element("p", {}, items.join(" · ") || t("None yet."));
  return [
    facts,
    element("h3", {}, t("Names in the latest transcripts ({0})", number(transcripts))),
    list(heard.map(({ name, times }) => (times > 1 ? `${name} × ${number(times)}` : name))),
    element("details", {}, element("summary", {}, t("All names")), list(names)),
  ];
}

const unknown = () => element("p", {}, t("It knows no home. An add-on asks Home Assistant by itself; elsewhere set home_assistant_url or home."));

const refresh = keep(5, readHome);
onLanguage(() => {
  shown = "";
  refresh();
});
