// Marks on the drawing: what is wrong, what differs, how long a step has. All are text nodes in
// overlays, so a name or a finding can hold any markup and stays text.
import { getMid } from "diagram-js/lib/layout/LayoutUtil";
import { getBBox } from "diagram-js/lib/util/Elements";

import { locate } from "./canvas.js";
import { el } from "./dom.js";
import { page, t } from "./page.js";

const ERROR = "db-has-error";
const WARNING = "db-has-warning";
const WORDS = { ADDED: "mark_added", REMOVED: "mark_removed", MOVED: "mark_moved" };

function grouped(list) {
  const found = new Map();
  for (const item of list) found.set(item.element, [...(found.get(item.element) ?? []), item]);
  return found;
}

/** Marks of one drawing; `onChoose(elementId)` is called when a mark of a finding is clicked. */
export class Marks {
  constructor(modeler, onChoose) {
    this.modeler = modeler;
    this.overlays = modeler.get("overlays");
    this.canvas = modeler.get("canvas");
    this.registry = modeler.get("elementRegistry");
    this.onChoose = onChoose;
    this.marked = [];
    modeler.on(["commandStack.changed", "import.done"], () => this.terms());
    this.terms();
  }

  /** Show findings as numbers at the corner of their elements. */
  findings(list) {
    this.overlays.remove({ type: "db-finding" });
    for (const [id, name] of this.marked) if (this.registry.get(id)) this.canvas.removeMarker(id, name);
    this.marked = [];
    for (const [id, items] of grouped(list)) {
      const element = locate(this.modeler, id);
      if (element?.parent) this.finding(element, id, items);
    }
  }

  finding(element, id, items) {
    const errors = items.filter((one) => one.level === "error");
    const name = errors.length ? ERROR : WARNING;
    const words = items.map((one) => one.message).join("；");
    const shown = items.length > 1 ? String(items.length) : "!";
    const mark = el("button", { type: "button", class: `db-st-mark ${name}`, title: words, "aria-label": words, tabindex: "-1", click: () => this.onChoose(id) }, shown);
    this.canvas.addMarker(element, name);
    this.marked.push([element.id, name]);
    this.overlays.add(element, "db-finding", { position: corner(element), scale: { min: 0.85, max: 1.2 }, html: mark });
  }

  /** Show short words above what differs from the version in force; an empty list clears them. */
  differences(list) {
    this.overlays.remove({ type: "db-differs" });
    for (const [id, items] of grouped(list)) {
      const element = this.registry.get(id);
      if (!element || !element.parent || element.waypoints) continue;
      const words = t(WORDS[items[0].kind] ?? "mark_changed");
      this.overlays.add(id, "db-differs", { position: { top: -22, left: 0 }, html: el("div", { class: "db-st-differs", title: items.map((one) => one.words).join("；") }, words) });
    }
  }

  /** Show under the name of a step how long it has. */
  terms() {
    this.overlays.remove({ type: "db-term" });
    for (const element of this.registry.filter((one) => one.type === "bpmn:UserTask")) {
      const words = term(element.businessObject);
      if (words) this.overlays.add(element, "db-term", { ...place(element), show: { minZoom: 0.6 }, html: box(element, words) });
    }
  }
}

// at the corner of a shape, in the middle of a line
function corner(element) {
  if (!element.waypoints) return { top: -10, right: 10 };
  const middle = getMid(element);
  const { x, y } = getBBox(element);
  return { top: middle.y - y - 10, left: middle.x - x - 10 };
}

// under the name, unless an event or the sign of a loop sits there
const crowded = (element) => element.attachers.length > 0 || Boolean(element.businessObject.loopCharacteristics);
const place = (element) => ({ position: crowded(element) ? { top: 3, left: 24 } : { bottom: 20, left: 0 } });

function box(element, words) {
  const aside = crowded(element);
  const found = el("div", { class: `db-st-term${aside ? " db-st-term--aside" : ""}` }, words);
  found.style.width = `${element.width - (aside ? 24 : 0)}px`;
  return found;
}

// The deadline in the parameter's own words while the programmes have few, else by its label.
function term(task) {
  const value = property(task, "deadline");
  if (!value) return "";
  const parameter = page.vocabulary.parameters?.find((one) => one.name === value.replace(/^=\s*/, ""));
  if (!parameter) return length(value);
  const words = [...new Set((parameter.values ?? []).map((one) => one.words.split(/，|, /)[0]))];
  return words.length && words.length <= 2 ? words.join(" / ") : parameter.label;
}

function length(value) {
  const [, count, unit] = /^P(?:T)?(\d+)([DWMH])$/.exec(value) ?? [];
  if (!count) return "";
  const key = value.startsWith("PT") ? "length_hours" : { D: "length_days", W: "length_weeks", M: "length_months" }[unit];
  return key ? t(key, { n: count }) : "";
}

function property(task, name) {
  const holders = task.extensionElements?.values?.filter((one) => one.$type === "camunda:Properties") ?? [];
  return holders.flatMap((one) => one.values ?? []).find((one) => one.name === name)?.value;
}
