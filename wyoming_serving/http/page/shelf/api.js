/** Asking the service. Addresses are relative, so that the page works below a proxy's path. */

import { find } from "./elements.js";
import { t } from "./words.js";

const KEPT = "token";
const dialog = find("#token");
const button = find("#token-button");
const kept = [];
let asking = null;

/** Fetch, with the token where there is one; asks the user for it where the service does. */
export async function ask(path, options = {}) {
  for (;;) {
    const token = sessionStorage.getItem(KEPT);
    const headers = token ? { ...options.headers, Authorization: `Bearer ${token}` } : options.headers;
    const response = await fetch(path, { ...options, headers });
    if (response.ok) return response;
    if (response.status !== 401) throw await failure(response);
    if (!button.hidden) throw new Error(t("A token is needed."));
    if (token === sessionStorage.getItem(KEPT)) await askForToken();
  }
}

export const askJson = async (path, options) => (await ask(path, options)).json();

/** Open a WebSocket. A browser does not say why one is refused, so the token is tried before. */
export async function openSocket(path) {
  await ask("v1/settings");
  const url = new URL(path, document.baseURI);
  url.protocol = url.protocol.replace("http", "ws");
  const token = sessionStorage.getItem(KEPT);
  const socket = new WebSocket(url, token ? [`bearer.${token}`] : []);
  socket.binaryType = "arraybuffer";
  await new Promise((open, fail) => {
    socket.onopen = open;
    socket.onerror = () => fail(new Error(t("The service does not answer.")));
  });
  return socket;
}

/** Do some work now and then again and again while somebody looks; shows what goes wrong. */
export function keep(seconds, work) {
  const trouble = find("#trouble");
  const run = async () => {
    try {
      await work();
      if (trouble.dataset.of === work.name) trouble.hidden = true;
    } catch (error) {
      trouble.textContent = error instanceof TypeError ? t("The service does not answer.") : error.message;
      trouble.dataset.of = work.name;
      trouble.hidden = false;
    }
  };
  const turn = async () => {
    if (!document.hidden) await run();
    setTimeout(turn, seconds * 1000);
  };
  turn();
  kept.push(run);
  return run;
}

async function failure(response) {
  const content = await response.json().catch(() => ({}));
  return new Error(content.error?.message ?? `${response.status} ${response.statusText}`);
}

/** One dialog for all who need the token. */
function askForToken() {
  asking ??= new Promise((answered) => {
    dialog.addEventListener("close", () => {
      asking = null;
      const token = dialog.querySelector("input").value.trim();
      if (dialog.returnValue === "enter") sessionStorage.setItem(KEPT, token);
      else button.hidden = false;
      dialog.querySelector("form").reset();
      answered();
    }, { once: true });
    dialog.returnValue = "cancel";
    dialog.showModal();
  });
  return asking;
}

button.addEventListener("click", async () => {
  button.hidden = true;
  await askForToken();
  kept.forEach((run) => run());
});
