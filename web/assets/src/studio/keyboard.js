// Keys of the drawing. They count while the drawing has the focus; Enter goes to the panel and
// Escape comes back, so that fields keep every key for themselves.
import { drawing } from "./canvas.js";
import { el, one } from "./dom.js";
import { label } from "./menus.js";
import { t } from "./page.js";

/** The middle of the selected element on the page, for a menu. */
function beside(modeler) {
  const [element] = modeler.get("selection").get();
  const box = modeler.get("canvas").getGraphics(element).getBoundingClientRect();
  return { x: Math.round(box.right + 8), y: Math.round(box.top) };
}

/** Bind the keys; `actions.act` runs what the buttons above the panel do. */
export function bindKeys(modeler, { actions, panel, canvas, save }) {
  const keys = {
    a: () => actions.act("follow", beside(modeler)),
    t: () => actions.act("connect", beside(modeler)),
    r: () => actions.act("type", beside(modeler)),
    y: () => actions.act("lane", beside(modeler)),
    "]": () => step(modeler, 1),
    "[": () => step(modeler, -1),
    Enter: () => first(panel)?.focus(),
  };
  const keyboard = modeler.get("keyboard");
  // the switch in the profile is for every single key of every page
  keyboard.addListener(3000, ({ keyEvent }) => (off() && keyEvent.key.length === 1 && !keyboard.isCmd(keyEvent) ? false : undefined));
  keyboard.addListener(2000, ({ keyEvent }) => {
    const run = keys[keyEvent.key] ?? keys[keyEvent.key.toLowerCase()];
    const needs = !["[", "]"].includes(keyEvent.key);
    if (!run || keyEvent.ctrlKey || keyEvent.metaKey || keyEvent.altKey) return undefined;
    if (needs && modeler.get("selection").get().length !== 1) return undefined;
    run();
    return true;
  });
  document.addEventListener("keydown", (event) => {
    if (!(event.ctrlKey || event.metaKey) || event.key.toLowerCase() !== "s") return;
    event.preventDefault();
    save();
  });
  panel.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && !event.defaultPrevented) canvas.focus();
  });
  help();
}

/**
 * Chinese is typed through an input method. Its own Enter and Escape are not ours, and what it
 * puts into a search field without a key must be searched for all the same.
 */
export function respectInputMethods(holder) {
  const own = (event) => { if (event.isComposing || event.keyCode === 229) event.stopPropagation(); };
  holder.addEventListener("keydown", own, true);
  holder.addEventListener("input", (event) => {
    const searches = event.target.matches(".djs-popup-search input, .djs-search-input input");
    if (searches) event.target.dispatchEvent(new KeyboardEvent("keyup", { bubbles: true }));
  });
}

/** Name the drawing for a screen reader, and tell it what is selected. */
export function announce(modeler, holder) {
  const live = el("p", { class: "db-vh", role: "status" });
  holder.append(live);
  const svg = drawing(modeler);
  svg.setAttribute("role", "application");
  svg.setAttribute("aria-label", t("canvas"));
  svg.setAttribute("aria-description", t("canvas_help"));
  modeler.on("selection.changed", ({ newSelection }) => {
    const words = modeler.get("translate");
    live.textContent = newSelection.map((one) => `${words(label(one))} ${one.businessObject.name ?? ""}`.trim()).join("；");
  });
}

/** Keys that only look: going from step to step. */
export function bindLooking(modeler, svg) {
  svg.addEventListener("keydown", (event) => {
    if (event.key === "]" || event.key === "[") step(modeler, event.key === "]" ? 1 : -1);
  });
}

function off() {
  try { return localStorage.getItem("danbao-keys-off") === "1"; } catch { return false; }
}

const first = (panel) => one("input:not([type=hidden]), select, textarea", panel) ?? one("button", panel);

// From left to right, and from top to bottom where two begin together.
function order(modeler) {
  const wanted = (element) => element.parent && element.type !== "label" && !/Lane|Participant/.test(element.type);
  const place = (element) => (element.waypoints ? element.waypoints[0] : element);
  return modeler.get("elementRegistry").filter(wanted).sort((a, b) => place(a).x - place(b).x || place(a).y - place(b).y);
}

function step(modeler, by) {
  const all = order(modeler);
  const [now] = modeler.get("selection").get();
  const next = all.at((all.indexOf(now) + (now || by > 0 ? by : 0)) % all.length);
  if (!next) return;
  modeler.get("selection").select(next);
  modeler.get("canvas").scrollToElement(next, { top: 80, right: 120, bottom: 80, left: 120 });
}

// The list that the "?" of every page opens.
const LINES = [
  ["A", "key_follow"], ["T", "key_connect"], ["R", "key_type"], ["Y", "key_lane"], ["E", "key_name"], ["Delete", "key_remove"],
  ["[ ]", "key_step"], ["↵", "key_panel"], ["Esc", "key_back"], ["← ↑ → ↓", "key_move"],
  ["H L S C", "key_tools"], ["Ctrl Z", "key_undo"], ["Ctrl Y", "key_redo"], ["Ctrl F", "key_find"], ["Ctrl C V", "key_copy"], ["Ctrl S", "key_save"],
];

function help() {
  if (one("#keys")) return;
  const lines = LINES.map(([keys, words]) => el("div", {}, el("dt", {}, ...keys.split(" ").map((key) => el("kbd", {}, key))), el("dd", {}, t(words))));
  const closing = el("form", { method: "dialog" }, el("button", { class: "btn" }, t("close")));
  const template = el("template", { id: "keys" });
  template.content.append(el("h2", {}, t("keys")), el("dl", { class: "app-keys" }, ...lines), closing);
  document.body.append(template);
}
