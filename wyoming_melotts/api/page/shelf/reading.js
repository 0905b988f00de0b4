/** What is made of a text, shown while it is written and nothing is spoken. */

import { askJson } from "./api.js";
import { find } from "./elements.js";
import { addSentence, addWords, clearSentences } from "./sentences.js";
import { number, t } from "./words.js";

const WAIT_MS = 400;
const MOST_CHARACTERS = 1000; // that /v1/reading takes

const form = find("#speak");
const note = find("#reading-note");
const text = find("#text");
const voice = find("#voice");
let waiting = 0;
let asking = new AbortController();

function readSoon() {
  cancel();
  waiting = setTimeout(read, WAIT_MS);
}

function cancel() {
  clearTimeout(waiting);
  asking.abort();
}

async function read() {
  if (find("#say").disabled) { // what is being spoken is shown there
    readSoon();
    return;
  }
  asking = new AbortController();
  const { signal } = asking;
  const characters = [...text.value];
  const shown = characters.slice(0, MOST_CHARACTERS).join("");
  try {
    const body = JSON.stringify({ text: shown, ...(voice.value && { voice: voice.value }) });
    const { sentences } = await askJson("v1/reading", { method: "POST", body, signal });
    clearSentences();
    for (const sentence of sentences) {
      addSentence(sentence);
      addWords(sentence.words);
    }
    note.textContent = characters.length > MOST_CHARACTERS
      ? t("The first {0} characters are shown.", number(MOST_CHARACTERS)) : "";
  } catch (error) {
    if (!signal.aborted) note.textContent = error.message;
  }
}

text.addEventListener("input", readSoon);
voice.addEventListener("change", readSoon);
form.addEventListener("submit", cancel);
if (text.value) readSoon(); // the browser has kept it
