// Who is editing. A beat every 15 seconds keeps the draft; the one who loses it is told at once.
import { el } from "./dom.js";
import { ask, page, t } from "./page.js";

const BEAT = 15000;

const beat = (take) => ask(page.urls.presence, {
  method: "POST",
  headers: { "Content-Type": "application/json" },
  body: JSON.stringify({ tab: page.tab, take }),
});

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
  setInterval(look, BEAT);
  document.addEventListener("visibilitychange", () => { if (!document.hidden) look(); });
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
    ...(settled ? [] : [taking(editor, element)]),
  );
}

/** A button that loads the page again. */
export const reload = (words, className = "btn-link") => el("button", { type: "button", class: className, click: () => location.reload() }, words);

function taking(editor, element) {
  const click = async () => {
    if (editor && !confirm(t("presence_confirm", { name: editor.name }))) return;
    const answer = await beat(true).catch(() => ({ ok: false, data: {} }));
    if (answer.data.mine) location.reload();
    else element.append(el("span", { class: "db-red" }, answer.data.message ?? t("presence_refused")));
  };
  return el("button", { type: "button", class: "btn-link", click }, editor ? t("presence_take") : t("presence_begin"));
}
