/** The microphone test: what is said, while it is said. */

import { openSocket } from "./api.js";
import { element, find } from "./elements.js";
import { Microphone, isAllowed } from "./microphone.js";
import { refreshRequests } from "./requests.js";
import { number, onLanguage, t } from "./words.js";

const MOST_FINALS = 20;
const MOST_WAITING_BYTES = 1 << 20;

const button = find("#listen");
const note = find("#listen-note");
const loudness = find("#loudness");
const stable = find("#partial .stable");
const rest = find("#partial .rest");
const finals = find("#finals");

let running = null;
let isStopping = false;
let model = "";

async function listen() {
  let socket = null;
  const before = []; // what was said before the service was ready
  const microphone = await Microphone.open((pcm) => {
    showLoudness(pcm);
    if (socket === null) before.push(pcm);
    else if (socket.bufferedAmount < MOST_WAITING_BYTES) socket.send(pcm);
  });
  try {
    const opened = await openSocket("v1/listen");
    opened.onmessage = ({ data }) => take(JSON.parse(data));
    opened.onclose = () => end();
    opened.send(JSON.stringify({
      type: "start",
      audio: { rate: microphone.rate },
      language: find("#spoken-language").value || null,
    }));
    before.forEach((pcm) => opened.send(pcm));
    socket = opened;
  } catch (error) {
    microphone.close();
    throw error;
  }
  return { microphone, socket };
}

function take(message) {
  switch (message.type) {
    case "ready":
      ({ model } = message);
      sayWhoListens();
      break;
    case "speech_started":
      say(t("Somebody speaks."));
      break;
    case "partial":
      showPartial(message.stable, message.rest);
      break;
    case "preflight":
      showPartial("", message.text);
      break;
    case "final":
      showPartial("", "");
      showFinal(message);
      sayWhoListens();
      refreshRequests();
      break;
    case "error":
      say(message.error.message);
      break;
  }
}

function showPartial(certain, uncertain) {
  stable.textContent = certain;
  rest.textContent = uncertain;
}

function showFinal(final) {
  const about = [
    final.language,
    t("{0} % sure", number(final.confidence * 100)),
    final.emotion && t(final.emotion),
    final.event && final.event !== "speech" && t(final.event),
    final.intent,
    final.speech_end_ms !== null && t("{0} ms after the last sound", number(waited(final))),
  ];
  finals.prepend(element("li", {},
    element("span", { class: "said", lang: final.language ?? "" }, final.text || t("(nothing)")),
    " ", element("small", {}, about.filter(Boolean).join(" · "))));
  while (finals.children.length > MOST_FINALS) finals.lastChild.remove();
}

/** From the last sound to the text, as a person waits for it. */
const waited = (final) =>
  final.audio_start_ms + final.audio_ms - final.speech_end_ms + final.answer_ms;

function showLoudness(pcm) {
  const sum = pcm.reduce((total, sample) => total + sample * sample, 0);
  loudness.value = Math.min(1, Math.sqrt(sum / pcm.length) / 8000);
}

const say = (text) => { note.textContent = text; };

function sayWhoListens() {
  say(isStopping ? "" : t("Speak now. {0} listens.", model));
}

async function begin() {
  isStopping = false;
  button.disabled = true;
  say(t("One moment."));
  try {
    running = await listen();
    if (running.socket.readyState !== WebSocket.OPEN) end(); // refused at once; it has said why
  } catch (error) {
    say(error.name === "NotAllowedError" ? t("The browser does not let this page use the microphone.") : error.message);
  }
  button.disabled = false;
  showButton();
}

/** Stop recording; what was said is still answered, and the service closes then. */
function stop() {
  running.microphone.close();
  if (running.socket.readyState === WebSocket.OPEN) running.socket.send(JSON.stringify({ type: "close" }));
  isStopping = true;
  button.disabled = true;
  say("");
}

function end() {
  running?.microphone.close();
  running = null;
  loudness.value = 0;
  showPartial("", "");
  button.disabled = false;
  showButton();
}

function showButton() {
  button.textContent = t(running ? "Stop" : "Listen");
  button.setAttribute("aria-pressed", String(running !== null));
}

button.addEventListener("click", () => (running ? stop() : begin()));
onLanguage(showButton);
if (!isAllowed()) {
  button.disabled = true;
  say(t("A browser gives the microphone to pages over HTTPS or on this machine alone. A file works everywhere."));
}
