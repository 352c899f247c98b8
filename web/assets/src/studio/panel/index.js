// The panel of properties: what the selected element says, in lists of what exists.
import { el, fill } from "../dom.js";
import { area, check, names, period, select, several, text } from "./fields.js";
import { groupsOf, namesFor } from "./kinds.js";

const CONTROLS = { area, check, select, several, text };

/**
 * Fills `element` with the properties of what is selected, else of the process. Writes through the
 * modeler's commands. The event `danbao:findings` puts the server's messages under their fields.
 */
export function createPanel({ element, modeler, vocabulary, texts, readonly }) {
  const panel = new Panel({ element, modeler, vocabulary, texts, readonly });
  modeler.on(["selection.changed", "import.done", "root.set"], () => panel.refresh());
  modeler.on(["commandStack.changed"], () => panel.refresh());
  document.addEventListener("danbao:findings", (event) => panel.found(event.detail));
  panel.refresh();
}

class Panel {
  constructor(parts) {
    Object.assign(this, parts, { findings: [] });
  }

  found(list) {
    this.findings = list;
    this.refresh();
  }

  chosen() {
    const chosen = this.modeler.get("selection", false)?.get() ?? [];
    if (chosen.length > 1) return null;
    const one = chosen[0] ?? this.modeler.get("canvas").getRootElement();
    const target = one?.labelTarget ?? one;
    if (target?.businessObject?.$type !== "bpmn:Collaboration") return target;
    return target.children?.find((child) => child.type === "bpmn:Participant") ?? target;
  }

  refresh() {
    const element = this.chosen();
    const kept = remember(this.element);
    if (!element?.businessObject) { this.element.replaceChildren(el("p", { class: "db-sec db-sub" }, this.texts.p_many_chosen)); return; }
    const ctx = { element, modeler: this.modeler, vocabulary: this.vocabulary, texts: this.texts, fill };
    this.element.replaceChildren(this.head(element), ...groupsOf(ctx).map((group) => this.group(group, ctx)));
    restore(this.element, kept);
  }

  head(element) {
    const object = element.businessObject;
    const kind = this.texts[`p_kind_${object.$type.replace("bpmn:", "")}`] ?? object.$type.replace("bpmn:", "");
    const own = this.own(element).filter((one) => !one.placed);
    return el("div", { class: "db-sec" }, el("p", { class: "db-sub" }, `${kind} · `, el("span", { class: "db-code" }, object.id ?? "")), el("h2", {}, object.name || kind), ...own.map((one) => el("p", { class: one.level === "error" ? "db-field__err" : "db-sub" }, `${one.message}。${one.remedy}`)));
  }

  own(element) {
    return this.findings.filter((one) => one.element === element.id);
  }

  group({ title, fields }, ctx) {
    const shown = fields.filter(Boolean).map((field) => this.field(field, ctx));
    return el("div", { class: "db-sec", role: "group", "aria-label": title }, el("h3", { class: "db-st-group" }, title), ...shown);
  }

  field(field, ctx) {
    const one = { ...field, errors: this.about(field, ctx) };
    const made = one.kind === "period" ? period(one, this.readonly, this.texts, this.vocabulary.parameters) : CONTROLS[one.kind](one, this.readonly, this.texts);
    if (!field.names) return made;
    const list = namesFor(ctx);
    return el("div", {}, made, ...(list.length ? [names(list, this.texts, (name) => this.insert(made, name, field), this.readonly)] : []));
  }

  about(field, ctx) {
    if (!field.about) return [];
    return this.own(ctx.element).filter((one) => one.level === "error" && field.about.test(one.message)).map((one) => one.message);
  }

  insert(made, { name, values }, field) {
    const control = made.querySelector("textarea, input");
    const value = control.value.trim();
    const words = values?.length ? `${name} = "${values[0]}"` : name;
    control.value = value ? `${value} ${words}` : `=${words}`;
    field.set(control.value);
  }
}

// The panel is drawn anew after each change; who types in it stays where he was.
function remember(element) {
  const here = document.activeElement;
  if (!element.contains(here) || !here.id) return null;
  return { id: here.id, start: here.selectionStart, end: here.selectionEnd };
}

function restore(element, kept) {
  if (!kept) return;
  const found = element.querySelector(`#${CSS.escape(kept.id)}`);
  if (!found) return;
  found.focus({ preventScroll: true });
  if (typeof kept.start === "number" && found.setSelectionRange && found.type !== "number") found.setSelectionRange(kept.start, kept.end);
}
