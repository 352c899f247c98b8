// The tool bar at the left of the drawing, and the box for undo and zoom below it.
import { el, icon } from "./dom.js";
import { ICONS } from "./icons.js";
import { ANNOTATION } from "./kinds.js";
import { t } from "./page.js";
import { centre, follow, shapeOf } from "./place.js";

function button(name, label, click, attributes = {}) {
  return el("button", { type: "button", class: "btn btn-icon", title: label, "aria-label": label, click, ...attributes }, icon(ICONS[name]));
}

const rule = () => el("span", { class: "db-st-rule", role: "separator" });

/** Fill the tool bar. */
export function createTools(element, modeler, menus) {
  const act = (name, run, active) => button(name, t(`tool_${name}`), (event) => toggle(event, modeler, run), active && { "data-tool": active, "aria-pressed": "false" });
  const menu = (name) => button(name, t(`tool_${name}`), (event) => flyout(event, modeler, menus, name), { "aria-haspopup": "menu" });
  element.append(
    act("hand", (event) => modeler.get("handTool").activateHand(event), "hand"),
    menu("event"), menu("task"), menu("gateway"),
    act("connect", (event) => connect(event, modeler, menus), "global-connect"),
    act("annotation", (event) => annotate(event, modeler)),
    rule(),
    menu("things"),
    act("lasso", (event) => modeler.get("lassoTool").activateSelection(event), "lasso"),
    act("space", (event) => modeler.get("spaceTool").activateSelection(event), "space"),
  );
  roving(element);
  element.addEventListener("keydown", (event) => { if (event.key === "Escape") putDown(modeler); });
  modeler.on("tool-manager.update", ({ tool }) => press(element, tool));
}

// a second press, or Escape, puts the tool down
function toggle(event, modeler, run) {
  if (event.currentTarget.getAttribute("aria-pressed") === "true") putDown(modeler);
  else run(event);
}

function putDown(modeler) {
  modeler.get("dragging").cancel();
  modeler.get("toolManager").setActive(null);
}

function press(element, tool) {
  for (const one of element.querySelectorAll("[data-tool]")) one.setAttribute("aria-pressed", String(one.dataset.tool === tool));
}

function flyout(event, modeler, menus, name) {
  const { right, top } = event.currentTarget.getBoundingClientRect();
  const root = modeler.get("canvas").getRootElement();
  menus.open(`db-${name}`, root, { x: right + 8, y: top, cursor: { x: right + 8, y: top } }, t(`tool_${name}`));
}

const byKeys = (event) => event.detail === 0;
const selected = (modeler) => modeler.get("selection").get()[0];

function connect(event, modeler, menus) {
  const source = selected(modeler);
  if (!byKeys(event)) modeler.get("globalConnect").start(event);
  else if (source) menus.open("db-connect", source, below(event), t("act_connect"));
}

function annotate(event, modeler) {
  const source = selected(modeler);
  if (!byKeys(event)) modeler.get("create").start(event, shapeOf(modeler, ANNOTATION));
  else if (source) follow(modeler, source, ANNOTATION);
  else centre(modeler, ANNOTATION);
}

/** The place below the element of an event, for a menu. */
export function below(event) {
  const { left, bottom } = event.currentTarget.getBoundingClientRect();
  return { x: left, y: bottom + 4 };
}

// One stop of the Tab key for the whole bar; arrows go on inside it.
function roving(element) {
  const all = () => [...element.querySelectorAll("button")];
  const go = (to) => all().forEach((one) => { one.tabIndex = one === to ? 0 : -1; });
  go(all()[0]);
  element.addEventListener("focusin", (event) => { if (event.target.matches("button")) go(event.target); });
  element.addEventListener("keydown", (event) => {
    const step = { ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    const list = all();
    list.at((list.indexOf(document.activeElement) + step) % list.length).focus();
  });
}

/** Fill the zoom box; undo and redo are in it unless the drawing is only shown. */
export function createZoom(element, modeler, { readonly, fit }) {
  const level = el("output", { class: "db-st-level", "aria-label": t("zoom_level") });
  const zoom = (step) => () => modeler.get("zoomScroll").stepZoom(step);
  element.append(
    ...(readonly ? [] : history(modeler)),
    button("out", t("zoom_out"), zoom(-1)),
    level,
    button("in", t("zoom_in"), zoom(1)),
    button("fit", t("zoom_fit"), fit),
  );
  const show = () => { level.textContent = `${Math.round(modeler.get("canvas").zoom(false) * 100)}%`; };
  modeler.on("canvas.viewbox.changed", show);
  show();
}

function history(modeler) {
  const stack = modeler.get("commandStack");
  const undo = button("undo", t("undo"), () => stack.canUndo() && stack.undo());
  const redo = button("redo", t("redo"), () => stack.canRedo() && stack.redo());
  const find = button("search", t("find"), () => modeler.get("searchPad").toggle());
  const show = () => {
    undo.setAttribute("aria-disabled", String(!stack.canUndo()));
    redo.setAttribute("aria-disabled", String(!stack.canRedo()));
  };
  modeler.on(["commandStack.changed", "import.done"], show);
  show();
  return [undo, redo, find, rule()];
}
