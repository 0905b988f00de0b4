/** A recording, written down as it is recognized. */

import { ask } from "./api.js";
import { find } from "./elements.js";
import { refreshRequests } from "./requests.js";
import { number, t } from "./words.js";

const form = find("#upload");
const note = find("#upload-note");
const text = find("#upload-text");
const button = find("#upload-begin");
const cancel = find("#upload-cancel");

async function upload(file, signal) {
  const body = new FormData();
  body.append("model", "whisper-1"); // stands for the model that is loaded
  body.append("stream", "true");
  body.append("file", file);
  const response = await ask("v1/audio/transcriptions", { method: "POST", body, signal });
  for await (const event of events(response.body)) {
    if (event.type === "transcript.text.delta") text.textContent += event.delta;
    if (event.type === "transcript.text.done") text.textContent = event.text;
    if (event.error) throw new Error(event.error.message);
  }
}

/** Server-sent events, each JSON. */
async function* events(body) {
  let waiting = "";
  for await (const piece of pieces(body.pipeThrough(new TextDecoderStream()))) {
    const whole = (waiting + piece).split("\n\n");
    waiting = whole.pop();
    for (const event of whole) yield JSON.parse(event.replace(/^data: /, ""));
  }
}

/** Safari's streams cannot be iterated. */
async function* pieces(stream) {
  const reader = stream.getReader();
  for (let step = await reader.read(); !step.done; step = await reader.read()) yield step.value;
}

find("#file").addEventListener("change", ({ target }) => {
  find("#file-name").textContent = target.files[0]?.name ?? "";
});

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const aborting = new AbortController();
  cancel.onclick = () => aborting.abort();
  const began = performance.now();
  text.textContent = "";
  note.textContent = t("One moment.");
  button.disabled = true;
  cancel.disabled = false;
  try {
    await upload(find("#file").files[0], aborting.signal);
    note.textContent = t("Done in {0} s.", number((performance.now() - began) / 1000, 1));
  } catch (error) {
    note.textContent = error.name === "AbortError" ? t("Cancelled.") : error.message;
  }
  button.disabled = false;
  cancel.disabled = true;
  refreshRequests();
});
