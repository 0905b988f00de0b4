/** A text, spoken as it is computed: the audio, and the words with their phones. */

import { openSocket } from "./api.js";
import { find } from "./elements.js";
import { Player } from "./player.js";
import { refreshRequests } from "./requests.js";
import { addSentence, addWords, clearSentences } from "./sentences.js";
import { number, t } from "./words.js";

const note = find("#speak-note");
const loudness = find("#loudness");
const say = find("#say");
const stop = find("#stop");

/** One text on its way: from the button to the last sound. */
class Utterance {
  #socket;
  #player = null;
  #isCancelled = false;
  #began = performance.now();
  #firstMs = null;
  #computedMs = 0;
  #rate = 0;
  #bytes = 0;

  async start(text, voice, speed) {
    this.#socket = await openSocket("v1/speak");
    if (this.#isCancelled) return;
    this.#began = performance.now();
    this.#send({ type: "start", speed, ...(voice && { voice }) });
    this.#send({ type: "text", text });
    this.#send({ type: "flush" }); // after a "close" the service would hear no "cancel"
    await new Promise((ended, fail) => {
      this.#socket.onclose = ended;
      this.#socket.onmessage = ({ data }) => {
        if (data instanceof ArrayBuffer) this.#takeAudio(data);
        else this.#take(JSON.parse(data), ended, fail);
      };
    });
    this.#socket.close();
  }

  /** Wait until everything has been heard. */
  async finish() {
    while (this.#player?.secondsLeft > 0) {
      loudness.value = this.#player.loudness;
      await new Promise(requestAnimationFrame);
    }
    this.close();
  }

  cancel() {
    this.#isCancelled = true;
    if (this.#socket?.readyState === WebSocket.OPEN) this.#send({ type: "cancel" });
    this.close();
  }

  close() {
    this.#player?.close();
    this.#player = null;
    this.#socket?.close();
    loudness.value = 0;
  }

  #send(message) {
    this.#socket.send(JSON.stringify(message));
  }

  #take(message, ended, fail) {
    switch (message.type) {
      case "ready":
        this.#rate = message.sample_rate_hz;
        this.#player = new Player(this.#rate);
        break;
      case "sentence":
        addSentence(message);
        break;
      case "marks":
        addWords(message.words.map(withSymbols));
        break;
      case "done":
        ended();
        break;
      case "error":
        fail(new Error(message.error.message));
        break;
    }
  }

  #takeAudio(pcm) {
    this.#computedMs = performance.now() - this.#began;
    this.#firstMs ??= this.#computedMs;
    this.#bytes += pcm.byteLength;
    this.#player?.play(pcm);
    if (this.#player) loudness.value = this.#player.loudness;
    const seconds = this.#bytes / 2 / this.#rate;
    note.textContent = t("First audio after {0} ms; {1} s of audio in {2} s: real-time factor {3}.",
      number(this.#firstMs), number(seconds, 1), number(this.#computedMs / 1000, 1),
      number(this.#computedMs / 1000 / seconds, 2));
  }
}

const withSymbols = ({ text, phones }) => ({ text, phones: phones.map(({ symbol }) => symbol) });

let current = null;

find("#speak").addEventListener("submit", async (event) => {
  event.preventDefault();
  const utterance = current = new Utterance();
  say.disabled = true;
  stop.disabled = false;
  clearSentences();
  note.textContent = t("One moment.");
  try {
    await utterance.start(find("#text").value, find("#voice").value, Number(find("#speed").value));
    refreshRequests();
    await utterance.finish();
  } catch (error) {
    note.textContent = error.message;
    utterance.close();
  }
  say.disabled = false;
  stop.disabled = true;
});

stop.addEventListener("click", () => current?.cancel());
