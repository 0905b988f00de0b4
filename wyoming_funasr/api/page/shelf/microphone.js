/** The microphone as 16-bit mono PCM. */

const RATE = 16000;
const AS_IT_IS = { channelCount: 1, echoCancellation: false, noiseSuppression: false };

export const isAllowed = () => Boolean(navigator.mediaDevices?.getUserMedia);

export class Microphone {
  #stream;
  #context;

  /** Open it; take(Int16Array) is called with each piece. Fails where the user does not allow it. */
  static async open(take) {
    const stream = await navigator.mediaDevices.getUserMedia({ audio: AS_IT_IS });
    try {
      return new Microphone(stream, await record(stream, take));
    } catch (error) {
      stopTracks(stream);
      throw error;
    }
  }

  constructor(stream, context) {
    this.#stream = stream;
    this.#context = context;
  }

  get rate() {
    return this.#context.sampleRate;
  }

  close() {
    stopTracks(this.#stream);
    if (this.#context.state !== "closed") this.#context.close();
  }
}

async function record(stream, take) {
  const [context, source] = attach(stream);
  await context.audioWorklet.addModule("page/recorder.js");
  const recorder = new AudioWorkletNode(context, "recorder", {
    numberOfOutputs: 0,
    channelCount: 1,
    channelCountMode: "explicit",
  });
  recorder.port.onmessage = ({ data }) => take(data);
  source.connect(recorder);
  await context.resume();
  return context;
}

/** Firefox opens a microphone at its own rate alone; the service takes any. */
function attach(stream) {
  const context = new AudioContext({ sampleRate: RATE });
  try {
    return [context, context.createMediaStreamSource(stream)];
  } catch {
    context.close();
    const own = new AudioContext();
    return [own, own.createMediaStreamSource(stream)];
  }
}

const stopTracks = (stream) => stream.getTracks().forEach((track) => track.stop());
