/** Sentences as they are or would be spoken: each word, with its phones above it. */

import { element, find } from "./elements.js";

const list = find("#sentences");

export function clearSentences() {
  list.replaceChildren();
}

export function addSentence({ text, voice, language }) {
  list.append(element("li", {},
    element("div", { lang: language }, text, " ", element("small", {}, voice)),
    element("div", { class: "words", lang: language })));
}

/** Add words to the last sentence; their phones are [symbol, ...]. */
export function addWords(words) {
  list.lastChild?.querySelector(".words").append(...words.flatMap(({ text, phones }) =>
    [element("ruby", {}, text, element("rt", {}, phones.join(" "))), " "])); // a line ends there
}
