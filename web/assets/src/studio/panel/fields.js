// The panel's controls: a label, a control, a hint. A value is written when the control is left.
import { el, fill } from "../dom.js";

let count = 0;

/** A labelled control. `errors` are messages that belong to it. */
function frame({ label, hint, link, errors = [] }, control, id) {
  const hints = [];
  for (const [n, words] of errors.entries()) hints.push(el("span", { class: "db-field__err", id: `${id}-e${n}` }, words));
  if (hint) hints.push(el("span", { class: "form-hint", id: `${id}-h` }, hint, ...(link ? [" · ", el("a", { href: link.href, target: "_blank", rel: "noopener" }, link.words)] : [])));
  if (hints.length) control.setAttribute("aria-describedby", hints.map((one) => one.id).join(" "));
  if (errors.length) control.setAttribute("aria-invalid", "true");
  return el("div", { class: `db-field${errors.length ? " db-field--bad" : ""}` }, el("label", { class: "form-label", for: id }, label), control, ...hints);
}

const named = (field) => `db-p-${field.id ?? (count += 1)}`;

/** One line of text; `code` for expressions. */
export function text(field, readonly) {
  const id = named(field);
  const control = el("input", { class: `form-control${field.code ? " db-code" : ""}`, id, value: field.value, autocomplete: "off", spellcheck: "false", maxlength: field.most ?? 1000, disabled: readonly, list: field.offers?.length ? `${id}-l` : null, change: (event) => field.set(event.target.value.trim()) });
  const found = frame(field, control, id);
  if (field.offers?.length) found.append(el("datalist", { id: `${id}-l` }, ...field.offers.map((one) => el("option", { value: one }))));
  return found;
}

/** Several lines. */
export function area(field, readonly) {
  const id = named(field);
  const control = el("textarea", { class: `form-control${field.code ? " db-code" : ""}`, id, rows: field.rows ?? 2, maxlength: field.most ?? 4000, disabled: readonly, change: (event) => field.set(event.target.value.trim()) });
  control.value = field.value;
  return frame(field, control, id);
}

/** A list of what exists. What is written in the file and does not exist stays until it is changed. */
export function select(field, readonly, texts) {
  const id = named(field);
  const known = field.options.some((one) => one.value === field.value);
  const stray = field.value && !known ? [el("option", { value: field.value, selected: true }, fill(texts.p_stray, { value: field.value }))] : [];
  const none = field.needed && known ? [] : [el("option", { value: "" }, field.none ?? texts.p_none)];
  const options = field.options.map((one) => el("option", { value: one.value, selected: one.value === field.value }, one.label));
  const control = el("select", { class: "form-select", id, disabled: readonly, change: (event) => field.set(event.target.value) }, ...none, ...stray, ...options);
  return frame(field, control, id);
}

/** Several of what exists. */
export function several(field, readonly, texts) {
  const id = named(field);
  const chosen = new Set(field.value);
  const write = (value, on) => field.set([...field.options.map((one) => one.value), ...field.value].filter((one, at, all) => all.indexOf(one) === at && (one === value ? on : chosen.has(one))));
  const stray = field.value.filter((one) => !field.options.some((option) => option.value === one)).map((one) => ({ value: one, label: fill(texts.p_stray, { value: one }) }));
  const boxes = [...field.options, ...stray].map((one) => el("label", { class: "form-check" }, el("input", { type: "checkbox", class: "form-check-input", checked: chosen.has(one.value), disabled: readonly, change: (event) => write(one.value, event.target.checked) }), ` ${one.label}`));
  const group = el("fieldset", { class: "db-field", id }, el("legend", { class: "form-label" }, field.label), ...(boxes.length ? boxes : [el("p", { class: "db-sub" }, texts.p_nothing)]), ...(field.hint ? [el("span", { class: "form-hint" }, field.hint)] : []));
  for (const words of field.errors ?? []) group.append(el("span", { class: "db-field__err" }, words));
  return group;
}

/** Yes or no. */
export function check(field, readonly) {
  const id = named(field);
  const control = el("input", { type: "checkbox", class: "form-check-input", id, checked: Boolean(field.value), disabled: readonly, change: (event) => field.set(event.target.checked) });
  return el("div", { class: "db-field" }, el("label", { class: "form-check" }, control, ` ${field.label}`), ...(field.hint ? [el("span", { class: "form-hint" }, field.hint)] : []));
}

/** Names that an expression can use; a click puts one in at the end. */
export function names(list, texts, insert, readonly) {
  const shown = list.slice(0, 40).map((one) => {
    const values = one.values?.length ? `（${one.values.slice(0, 6).join("、")}）` : "";
    return el("button", { type: "button", class: "btn-link db-code", disabled: readonly, title: values, click: () => insert(one) }, one.name + values);
  });
  return el("details", { class: "db-fold db-st-names" }, el("summary", {}, fill(texts.p_names, { n: list.length })), el("div", {}, ...shown));
}

/** A period: a parameter of the programmes, a length, an expression, or none. */
export function period(field, readonly, texts, parameters) {
  const way = wayOf(field.value, parameters);
  const ways = [["parameter", texts.p_way_parameter], ["length", texts.p_way_length], ["feel", texts.p_way_feel], ...(field.mayBeNone ? [["none", texts.p_way_none]] : [])];
  const begin = { parameter: parameters[0]?.name ?? "", length: "P5D", feel: "=", none: "none" };
  const chooser = select({ id: `${field.id}-way`, label: field.label, value: way, options: ways.map(([value, label]) => ({ value, label })), none: texts.p_way_unset, set: (next) => field.set(begin[next] ?? ""), errors: field.errors }, readonly, texts);
  const inner = { parameter: () => parameterOf(field, readonly, texts, parameters), length: () => lengthOf(field, readonly, texts), feel: () => text({ id: `${field.id}-feel`, label: texts.p_feel, code: true, value: field.value, hint: texts.p_feel_hint, set: field.set }, readonly), none: () => el("p", { class: "form-hint" }, texts.p_none_hint) }[way];
  return el("div", { class: "db-st-period" }, chooser, ...(inner ? [inner()] : []));
}

const LENGTH = /^P(?:(\d{1,4})([DWMY])|T(\d{1,4})H)$/;

function wayOf(value, parameters) {
  if (!value) return "";
  if (value === "none") return "none";
  if (LENGTH.test(value)) return "length";
  return parameters.some((one) => one.name === value) ? "parameter" : "feel";
}

function parameterOf(field, readonly, texts, parameters) {
  const chosen = parameters.find((one) => one.name === field.value);
  const now = chosen?.values.map((one) => `${one.programme} ${one.words}`).join(texts.p_sep);
  const options = parameters.map((one) => ({ value: one.name, label: `${one.label} ${one.values[0]?.words ?? ""}` }));
  return select({ id: `${field.id}-name`, label: texts.p_parameter, value: field.value, needed: true, options, hint: now, link: field.link, set: field.set }, readonly, texts);
}

function lengthOf(field, readonly, texts) {
  const [, days, unit, hours] = LENGTH.exec(field.value);
  const units = { D: texts.p_days, W: texts.p_weeks, M: texts.p_months, Y: texts.p_years, H: texts.p_hours };
  const write = (n, which) => field.set(which === "H" ? `PT${n}H` : `P${n}${which}`);
  const now = hours ? "H" : unit;
  const id = `db-p-${field.id}-n`;
  const amount = el("input", { class: "form-control", id, type: "number", min: 0, max: 9999, value: days ?? hours, disabled: readonly, "aria-label": texts.p_amount, change: (event) => write(Math.max(0, Math.trunc(Number(event.target.value)) || 0), now) });
  const which = el("select", { class: "form-select", "aria-label": texts.p_unit, disabled: readonly, change: (event) => write(days ?? hours, event.target.value) }, ...Object.entries(units).map(([value, label]) => el("option", { value, selected: value === now }, label)));
  return el("div", { class: "db-st-length" }, amount, which);
}
