// What the server wrote into the page: the draft, its addresses, its texts, the vocabulary.
import { fill, one } from "./dom.js";

/** The page's own data. Everything that differs between drafts and languages comes from here. */
export const page = JSON.parse(one("#db-studio").textContent);

/** Words of the page in its language; a key that the server did not send is shown and recorded. */
export function t(key, values) {
  const words = page.texts[key];
  if (words === undefined) missing(`texts.${key}`);
  return fill(words ?? key, values);
}

/** Remember a text without translation; a browser test asserts that there is none. */
export function missing(text) {
  window.danbaoMissing ??= [];
  if (!window.danbaoMissing.includes(text)) window.danbaoMissing.push(text);
}

const TIMEOUT = 30000;

/** A request with the page's token. The answer's JSON comes with its status. */
export async function ask(address, { method = "GET", headers = {}, body } = {}) {
  const answer = await fetch(address, {
    method,
    body,
    headers: { Accept: "application/json", "X-Requested-With": "danbao", "X-CSRFToken": page.csrf, ...headers },
    credentials: "same-origin",
    signal: AbortSignal.timeout(TIMEOUT),
  });
  return { status: answer.status, ok: answer.ok, data: await json(answer) };
}

async function json(answer) {
  const kind = answer.headers.get("Content-Type") ?? "";
  return kind.includes("json") ? answer.json() : {};
}
