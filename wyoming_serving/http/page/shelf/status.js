/** What the service is, what it takes, and how busy it is. */

import { keep } from "./api.js";
import { fillFacts, find } from "./elements.js";
import { number, onLanguage, t } from "./words.js";

const MB = 1e6;

async function readStatus() {
  const response = await fetch("status"); // asks for no token
  const status = await response.json();
  const { memory } = status;
  const state = find("#state");
  if (state.textContent !== t(status.state)) state.textContent = t(status.state);
  state.dataset.state = status.state;
  fillFacts(find("#engine"), [
    ...status.engines.flatMap(({ model, device }) => [[t("Model"), model], [t("Device"), device]]),
    [t("Memory"), t("{0} MB, {1} MB free", number(memory.resident_bytes / MB), number(memory.free_bytes / MB))],
    ...(memory.gpu_total_bytes
      ? [[t("GPU memory"), t("{0} MB of {1} MB free", number(memory.gpu_free_bytes / MB), number(memory.gpu_total_bytes / MB))]]
      : []),
    [t("Connections"), t("{0} of {1}", number(status.sessions), number(status.max_sessions))],
    ...Object.entries(status.queues).map(([name, queue]) =>
      [t("Queue {0}", name), t("{0} waiting, {1} running", queue.waiting, queue.running)]),
    [t("Running for"), lasted(status.uptime_seconds)],
    [t("Version"), status.version],
    ...Object.values(status.problems).map((problem) => [t("Problem"), problem]),
    ...(status.last_error ? [[t("Last error"), `${status.last_error.code}: ${status.last_error.text}`]] : []),
  ]);
}

function lasted(seconds) {
  const minutes = Math.floor(seconds / 60);
  return t("{0} h {1} min", Math.floor(minutes / 60), minutes % 60);
}

onLanguage(keep(2, readStatus));
