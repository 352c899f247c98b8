// The page on which a process is drawn: it opens the draft and joins the parts.
import "bpmn-js/dist/assets/diagram-js.css";
import "bpmn-js/dist/assets/bpmn-js.css";
import "bpmn-js/dist/assets/bpmn-font/css/bpmn.css";
import "./studio.css";

import { createActions } from "./actions.js";
import { begin, createCanvas, drawing, fit, followSize, go, locate } from "./canvas.js";
import { el, one } from "./dom.js";
import { Results } from "./findings.js";
import { announce, bindKeys, bindLooking, respectInputMethods } from "./keyboard.js";
import { Marks } from "./marks.js";
import { createMenus } from "./menus.js";
import { ask, page, t } from "./page.js";
import { createPanel } from "./panel/index.js";
import { claim, NARROW, reload, watchPresence } from "./presence.js";
import { download, Saving } from "./saving.js";
import { createSubmit } from "./submit.js";
import { createTools, createZoom } from "./tools.js";

async function source() {
  const answer = await fetch(page.urls.source, { credentials: "same-origin" });
  if (!answer.ok) throw new Error(String(answer.status));
  return { xml: await answer.text(), revision: Number(answer.headers.get("X-Revision")) };
}

/** Words over the drawing with what can be done about it. */
function note(words, ...buttons) {
  const found = el("div", { class: "db-note db-note--amber db-st-note", role: "alert" }, el("div", {}, el("p", {}, words), el("div", { class: "db-btnrow" }, ...buttons)));
  one("#db-canvas").append(found);
  return found;
}

const button = (words, click) => el("button", { type: "button", class: "btn", click }, words);

/** Draw a file; returns what of it could not be read, or null where nothing can be drawn. */
async function open(modeler, xml) {
  try {
    const { warnings } = await modeler.importXML(xml);
    begin(modeler);
    return warnings;
  } catch {
    note(t("open_failed"), el("a", { class: "btn", href: page.urls.download }, t("save_download")));
    return null;
  }
}

// What could not be drawn is not seen, so it is said.
function doubtful(warnings) {
  const found = note(t("open_warnings", { n: warnings.length }), button(t("close"), () => found.remove()));
}

// What could not be read at all would be gone after saving, so nothing is drawn here.
const UNREAD = /^unparsable content/;
const ID = /(?:illegal|duplicate) ID <(.+)>/;

function unread(warnings) {
  const ids = [...new Set(warnings.map((one) => ID.exec(one.message)?.[1]).filter(Boolean))];
  note(t("open_unread", { n: warnings.length, ids: ids.slice(0, 3).join("、") || "—" }), el("a", { class: "btn", href: page.urls.download }, t("save_download")));
}

function look(modeler, results) {
  if (page.draft.saved_at) one("#db-saved").textContent = t("save_saved", { at: page.draft.saved_at });
  ask(page.urls.findings).then(({ data }) => data.findings && results.findings(data.findings), () => {});
  results.loadDifferences();
  bindLooking(modeler, drawing(modeler));
}

function edit(modeler, results) {
  const menus = createMenus(modeler);
  createTools(one("#db-tools"), modeler, menus);
  const actions = createActions(one(".db-st-do"), modeler, menus);
  const submit = createSubmit(one("#db-submit"));
  const heard = ({ findings, differences }) => {
    if (findings) submit.errors(results.findings(findings));
    results.differ(differences);
  };
  const saving = new Saving(modeler, one("#db-saved"), { onSaved: heard, onStopped: (data) => lost(modeler, saving, data) });
  submit.before(() => saving.save());
  ask(page.urls.findings).then(({ data }) => data.findings && heard({ findings: data.findings }), () => {});
  results.loadDifferences();
  bindKeys(modeler, { actions, panel: one("#db-props"), canvas: modeler.get("canvas"), save: () => saving.save() });
  watchPresence(one("#db-editor"), { onLost: (data) => lost(modeler, saving, data) });
  left(modeler, saving);
  window.danbaoSaving = saving;
}

// Another has the draft now: nothing drawn here can be saved, but it can be taken along.
function lost(modeler, saving, data) {
  saving.halt();
  for (const selector of ["#db-canvas .bjs-container", "#db-tools", "#db-props"]) one(selector)?.setAttribute("inert", "");
  const who = data.by ?? data.editor?.name;
  const words = data.message ?? (who ? t("lost_to", { name: who, at: data.at ?? data.editor?.since ?? "" }) : t("lost"));
  one(".db-st-note")?.remove();
  note([words, data.remedy].filter(Boolean).join("。"), button(t("lost_download"), async () => download(await saving.xml())), reload(t("lost_reload"), "btn"));
}

// A copy that an earlier visit could not save.
function left(modeler, saving) {
  const copy = saving.left();
  if (!copy) return;
  const drop = () => { saving.forget(); found.remove(); };
  const restore = async () => {
    if ((await open(modeler, copy.xml)) === null) return;
    found.remove();
    saving.changed();
  };
  const buttons = [button(t("left_download"), () => download(copy.xml)), button(t("left_drop"), drop)];
  const found = note(copy.current ? t("left_current") : t("left_stale"), ...(copy.current ? [button(t("left_restore"), restore)] : []), ...buttons);
}

async function start() {
  window.danbaoMissing ??= [];
  const mine = await claim();
  const found = await source().catch(() => null);
  if (!found) { note(t("load_failed"), reload(t("save_again"), "btn")); return; }
  if (found.revision) page.draft.revision = found.revision;
  const drawn = await draw(found.xml, !mine || NARROW.matches);
  if (!drawn) return;
  build(drawn.modeler, drawn.readonly);
  document.documentElement.dataset.studio = "ready";
}

async function draw(xml, readonly) {
  const modeler = createCanvas(one("#db-canvas"), readonly);
  const warnings = await open(modeler, xml);
  if (!warnings) return null;
  const lost = warnings.filter((one) => UNREAD.test(one.message));
  if (lost.length && !readonly) {
    modeler.destroy();
    return draw(xml, true);
  }
  if (lost.length) unread(lost);
  else if (warnings.length) doubtful(warnings);
  else if (readonly && page.mine) note(t("narrow"));
  window.danbaoModeler = modeler;
  return { modeler, readonly };
}

function build(modeler, readonly) {
  const known = (id) => locate(modeler, id);
  followSize(modeler, one("#db-canvas"));
  announce(modeler, one("#db-canvas"));
  respectInputMethods(one("#db-canvas"));
  const marks = new Marks(modeler, (id) => results.point(id));
  const results = new Results(one("#db-find"), { go: (id) => go(modeler, id), marks, known });
  createZoom(one("#db-zoom"), modeler, { readonly, fit: () => fit(modeler) });
  const holder = one("#db-props");
  const inner = el("div", { class: "db-st-panel" });
  holder.append(el("div", { class: "db-st-do" }), inner);
  createPanel({ element: inner, modeler, vocabulary: page.vocabulary, texts: page.texts, readonly });
  if (!readonly) { edit(modeler, results); return; }
  one("#db-tools").hidden = true;
  look(modeler, results);
  if (!page.mine) watchPresence(one("#db-editor"), { onLost() {} });
}

start();
