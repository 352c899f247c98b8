// Who is editing. A beat every 15 seconds keeps the draft; the one who loses it is told at once.
import { el } from "./dom.js";
import { ask, page, t } from "./page.js";

const BEAT = 15000;
const IDLE = 15 * 60 * 1000;
const SIGNS = ["pointerdown", "keydown", "wheel"];

/** Where one can only look. */
export const NARROW = matchMedia("(max-width: 767px)");

const sent = (tab, take) => ({
  method: "POST",
  headers: { "Content-Type": "application/json" },
  body: JSON.stringify({ tab, take }),
});
const beat = (take) => ask(page.urls.presence, sent(page.tab, take));

const KEY = `danbao-tab-${page.draft.id}`;

function remembered() {
  try { return sessionStorage.getItem(KEY); } catch { return null; }
}

function remember(tab) {
  try { sessionStorage.setItem(KEY, tab); } catch { /* a private window begins anew after 45 seconds */ }
}

/**
 * Whether the draft is this tab's. The server gives every page a new name; one that is loaded again
 * goes on under the name that it had, so that nobody is kept out by himself.
 */
export async function claim() {
  const before = remembered();
  if (page.mine) remember(page.tab);
  else if (before && page.draft.status === "EDITING") {
    const answer = await ask(page.urls.presence, sent(before, false)).catch(() => null);
    if (answer?.data.mine) Object.assign(page, { tab: before, mine: true, editor: answer.data.editor });
  }
  return page.mine;
}

/**
 * Says in `element` who edits, and lets the reader take over. `onLost(answer)` is called once when
 * an editing tab has lost the draft.
 */
export function watchPresence(element, { onLost }) {
  const state = { mine: page.mine, lost: false };
  if (!page.mine) show(element, page);
  const look = async () => {
    let answer;
    try { answer = await beat(false); } catch { return; }
    if (!answer.ok || answer.data.mine === undefined) return;
    heard(answer.data, state, element, onLost);
  };
  // who has gone away keeps neither the draft nor the session
  let last = Date.now();
  const away = () => Date.now() - last > IDLE;
  for (const sign of SIGNS) {
    document.addEventListener(sign, () => { const back = away(); last = Date.now(); if (back) look(); }, { capture: true, passive: true });
  }
  setInterval(() => { if (!away()) look(); }, BEAT);
  document.addEventListener("visibilitychange", () => { if (!document.hidden && !away()) look(); });
  look();
}

function heard(data, state, element, onLost) {
  if (state.mine && !data.mine && !state.lost) {
    state.lost = true;
    onLost(data);
  } else if (!state.mine) show(element, data);
}

/** The line of a reader: who edits since when, and what he can do. */
function show(element, { editor, status, revision }) {
  const settled = (status ?? page.draft.status) !== "EDITING";
  const words = settled ? t("presence_settled") : editor ? t("presence_other", { name: editor.name, since: editor.since }) : t("presence_free");
  const newer = revision !== undefined && revision > page.draft.revision;
  element.hidden = false;
  element.replaceChildren(
    el("span", {}, words),
    ...(newer ? [reload(t("presence_newer"))] : []),
    ...(settled || NARROW.matches ? [] : [taking(editor, element)]),
  );
}

/** A button that loads the page again. */
export const reload = (words, className = "btn-link") => el("button", { type: "button", class: className, click: () => location.reload() }, words);

function taking(editor, element) {
  const click = async () => {
    if (editor && !confirm(t("presence_confirm", { name: editor.name }))) return;
    const answer = await beat(true).catch(() => ({ ok: false, data: {} }));
    if (answer.data.mine) { remember(page.tab); location.reload(); } else element.append(el("span", { class: "db-red" }, answer.data.message ?? t("presence_refused")));
  };
  return el("button", { type: "button", class: "btn-link", click }, editor ? t("presence_take") : t("presence_begin"));
}
