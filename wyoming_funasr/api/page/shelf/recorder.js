/** Runs beside the microphone: hands its samples over as 16-bit PCM, 1024 at a time. */

const LENGTH = 1024;

class Recorder extends AudioWorkletProcessor {
  #piece = new Int16Array(LENGTH);
  #filled = 0;

  process([[samples]]) {
    for (const sample of samples ?? []) {
      this.#piece[this.#filled++] = Math.max(-1, Math.min(1, sample)) * 32767;
      if (this.#filled === LENGTH) {
        this.port.postMessage(this.#piece.slice());
        this.#filled = 0;
      }
    }
    return true;
  }
}

registerProcessor("recorder", Recorder);
