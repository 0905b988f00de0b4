/** Plays 16-bit mono PCM as it arrives. */

const LEAD_SECONDS = 0.05;

export class Player {
  #context = new AudioContext();
  #analyser = this.#context.createAnalyser();
  #rate;
  #at = 0; // when what has come so far will have been heard

  constructor(rate) {
    this.#rate = rate;
    this.#analyser.connect(this.#context.destination);
  }

  play(pcm) {
    const samples = Float32Array.from(new Int16Array(pcm), (sample) => sample / 32768);
    const buffer = this.#context.createBuffer(1, samples.length, this.#rate);
    buffer.copyToChannel(samples, 0);
    const source = this.#context.createBufferSource();
    source.buffer = buffer;
    source.connect(this.#analyser);
    this.#at = Math.max(this.#at, this.#context.currentTime + LEAD_SECONDS);
    source.start(this.#at);
    this.#at += buffer.duration;
  }

  /** The loudness now, 0 to 1. */
  get loudness() {
    const wave = new Float32Array(this.#analyser.fftSize);
    this.#analyser.getFloatTimeDomainData(wave);
    return Math.max(...wave.map(Math.abs));
  }

  get secondsLeft() {
    return Math.max(0, this.#at - this.#context.currentTime);
  }

  close() {
    this.#context.close();
  }
}
