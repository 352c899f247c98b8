"use strict";
// Behaviour of the pages. Every page works without it, except single keys and saving by itself.
(() => {
  const all = (selector, within = document) => [...within.querySelectorAll(selector)];
  const one = (selector, within = document) => within.querySelector(selector);
  const token = () => one('meta[name="csrf-token"]')?.content ?? "";
  const fill = (template, n) => template.replace("{n}", n);

  // ── FEEL, as far as forms need it: comparisons, and, or, not, list contains ──────────────
  // The server decides anyway; an expression that is not understood shows its field.
  const SIGNS = /\s*("(?:[^"\\]|\\.)*"|\d+(?:\.\d+)?|!=|<=|>=|[=<>()[\],]|[^\s"!=<>()[\],]+)/gy;
  function tokens(text) {
    SIGNS.lastIndex = 0;
    const found = [];
    for (let m = SIGNS.exec(text); m; m = SIGNS.exec(text)) found.push(m[1]);
    return found;
  }
  function reader(text, scope) {
    const list = tokens(text);
    let at = 0;
    const take = (wanted) => list[at] === wanted && ++at > 0;
    const need = (wanted) => { if (!take(wanted)) throw new Error(`no ${wanted}`); };
    function value() {
      const token = list[at++];
      if (token === undefined) throw new Error("end");
      if (token === "(") { const inner = either(); need(")"); return inner; }
      if (token === "not" && take("(")) { const inner = either(); need(")"); return !inner; }
      if (token === "list" && take("contains")) {
        need("("); const many = value(); need(","); const item = either(); need(")");
        return Array.isArray(many) ? many.includes(item) : many === item;
      }
      if (token[0] === '"') return JSON.parse(token);
      if (/^\d/.test(token)) return Number(token);
      if (token === "true") return true;
      if (token === "false") return false;
      if (token === "null") return null;
      if (!/^[\p{L}_][\p{L}\p{N}_]*$/u.test(token)) throw new Error(token);
      return scope[token] ?? null;
    }
    function comparison() {
      const left = value();
      if (take("in")) {
        need("("); let found = false;
        do { if (value() === left) found = true; } while (take(","));
        need(")"); return found;
      }
      const sign = list[at];
      if (!["=", "!=", "<", ">", "<=", ">="].includes(sign)) return left;
      at += 1;
      const right = value();
      if (sign === "=") return left === right;
      if (sign === "!=") return left !== right;
      if (left === null || right === null) return null;
      const [a, b] = typeof right === "number" ? [Number(left), right] : [left, right];
      return { "<": a < b, ">": a > b, "<=": a <= b, ">=": a >= b }[sign];
    }
    function both() { let found = comparison(); while (take("and")) { const next = comparison(); found = found && next; } return found; }
    function either() { let found = both(); while (take("or")) { const next = both(); found = found || next; } return found; }
    const result = either();
    if (at < list.length) throw new Error(list[at]);
    return result;
  }
  function holds(text, scope) {
    try { return reader(text, scope) === true; } catch { return false; }
  }

  // ── A task's form: what is shown, what the button says, drafts ───────────────────────────
  function answers(form) {
    const scope = { ...JSON.parse(form.dataset.scope || "{}") };
    const many = new Set(all("fieldset input[type=checkbox]", form).map((box) => box.name));
    for (const field of form.elements) {
      if (!field.name || field.name.startsWith("_") || field.type === "file") continue;
      if (many.has(field.name)) {
        scope[field.name] = [...(Array.isArray(scope[field.name]) ? scope[field.name] : []), ...(field.checked ? [field.value] : [])];
      } else if (field.type === "radio") {
        if (field.checked) scope[field.name] = field.value; else scope[field.name] ??= null;
      } else if (field.type === "checkbox") scope[field.name] = field.checked;
      else scope[field.name] = field.value === "" ? null : field.value;
    }
    return scope;
  }
  function show(form) {
    const scope = answers(form);
    for (const part of all("[data-hide]", form)) part.hidden = holds(part.dataset.hide, scope);
    for (const word of all("[data-needed]", form)) word.hidden = holds(word.dataset.needed, scope);
    const chosen = one('input[name="outcome"]:checked', form);
    if (!chosen) return;
    const act = one("[data-act-words]", form);
    const next = one("[data-next-words]", form);
    if (act && chosen.dataset.act) act.textContent = chosen.dataset.act;
    if (next) next.textContent = chosen.dataset.next || "";
  }
  async function save(form) {
    const body = new FormData(form);
    for (const input of all("input[type=file]", form)) body.delete(input.name);
    for (const box of all("input[type=checkbox]:checked", form)) if (!body.has(box.name)) body.append(box.name, box.value);
    const answer = await fetch(form.dataset.draft, {
      method: "POST", body, headers: { "X-Requested-With": "danbao", "X-CSRFToken": token() },
    });
    if (answer.ok) one("[data-saved]").textContent = (await answer.json()).saved;
    return answer.ok;
  }
  function task(form) {
    let dirty = false;
    let sent = false;
    const changed = () => { dirty = true; show(form); };
    form.addEventListener("input", changed);
    form.addEventListener("change", changed);
    form.addEventListener("submit", (event) => {
      if (sent) { event.preventDefault(); return; }
      sent = true;
      setTimeout(() => { sent = false; }, 8000);
    });
    show(form);
    if (!form.dataset.draft) return;
    setInterval(() => {
      if (!dirty || sent) return;
      dirty = false;
      save(form).then((ok) => { if (!ok) dirty = true; }, () => { dirty = true; });
    }, 10000);
  }

  // ── A list: a place in it, and what is picked ─────────────────────────────────────────────
  let place = -1;
  const rows = () => all("[data-row]");
  function go(step) {
    const list = rows();
    if (!list.length) return;
    list[place]?.classList.remove("at");
    place = Math.min(Math.max(place + step, 0), list.length - 1);
    list[place].classList.add("at");
    list[place].scrollIntoView({ block: "nearest" });
    one(".what a", list[place])?.focus({ preventScroll: true });
  }
  function picked() {
    const bar = one("[data-bulk-bar]");
    if (!bar) return;
    const boxes = all(".db-pick:checked");
    const words = one("[data-picked]", bar);
    bar.hidden = boxes.length === 0;
    words.textContent = fill(words.dataset.picked, boxes.length);
    const total = boxes.reduce((sum, box) => sum + Number(box.dataset.amount), 0) / 10000;
    const sum = one("[data-sum]", bar);
    sum.textContent = fill(sum.dataset.sum, total.toLocaleString("en", { minimumFractionDigits: 2, maximumFractionDigits: 2 }));
    approving(bar, boxes);
  }
  function approving(bar, boxes) {
    const button = one("[data-approve]", bar);
    if (!button) return;
    const able = boxes.filter((box) => box.hasAttribute("data-bulk"));
    const mixed = new Set(able.map((box) => box.dataset.step)).size > 1;
    const why = one("[data-why]", bar);
    button.hidden = able.length === 0 || mixed;
    one("span", button).textContent = fill(button.dataset.approve, able.length);
    why.hidden = !mixed && able.length === boxes.length;
    why.textContent = mixed ? why.dataset.mixed : fill(why.dataset.why, boxes.length - able.length);
  }
  function list() {
    document.addEventListener("change", (event) => {
      if (event.target.matches("[data-pick-all]")) {
        for (const box of all(".db-pick")) box.checked = event.target.checked;
      }
      if (event.target.matches(".db-pick, [data-pick-all]")) picked();
    });
    document.addEventListener("reset", () => setTimeout(picked));
    picked();
  }
  function claim() {
    const button = one("[data-claim]");
    if (button) { button.click(); return; }
    const box = rows()[place] && one(".db-pick", rows()[place]);
    const form = one("#bulk");
    const by = one('button[name="action"][value="claim"]');
    if (!box || !form || !by) return;
    for (const other of all(".db-pick")) other.checked = other === box;
    form.requestSubmit(by);
  }

  // ── Keys ──────────────────────────────────────────────────────────────────────────────────
  const OFF = "danbao-keys-off";
  const keysOff = () => { try { return localStorage.getItem(OFF) === "1"; } catch { return false; } };
  function help() {
    const template = one("#keys");
    if (!template) return;
    let dialog = one("dialog.app-dialog");
    if (!dialog) {
      dialog = document.createElement("dialog");
      dialog.className = "app-dialog";
      dialog.append(template.content.cloneNode(true));
      document.body.append(dialog);
    }
    dialog.showModal();
  }
  const follow = (rel) => { const link = one(`a[rel="${rel}"]`); if (link) link.click(); };
  const KEYS = {
    "/": () => one("#q")?.focus(),
    "?": help,
    j: () => (rows().length ? go(1) : follow("next")),
    k: () => (rows().length ? go(-1) : follow("prev")),
    x: () => { const box = rows()[place] && one(".db-pick", rows()[place]); if (box) { box.checked = !box.checked; picked(); } },
    c: claim,
    Enter: () => { const link = rows()[place] && one(".what a", rows()[place]); if (link) link.click(); },
  };
  function choose(n) {
    const radio = all('.db-out input[type="radio"]')[n - 1];
    if (radio) { radio.click(); radio.focus(); }
  }
  document.addEventListener("keydown", (event) => {
    if ((event.ctrlKey || event.metaKey) && event.key === "Enter") {
      const form = one("#task");
      if (form) { event.preventDefault(); form.requestSubmit(one(".db-acts .btn-primary", form)); }
      return;
    }
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    const open = one("dialog[open]");
    const typing = event.target.matches("textarea, select, input:not([type=checkbox]):not([type=radio])");
    if (event.key === "Escape" && !open) {
      if (typing) event.target.blur();
      else { for (const box of all(".db-pick")) box.checked = false; picked(); }
      return;
    }
    if (typing || open || keysOff()) return;
    if (event.key === "Enter" && event.target.matches("a, button, summary, input")) return;
    if (/^[1-9]$/.test(event.key)) { choose(Number(event.key)); return; }
    const action = KEYS[event.key] ?? KEYS[event.key.toLowerCase()];
    if (action) { event.preventDefault(); action(); }
  });

  // ── Everywhere ────────────────────────────────────────────────────────────────────────────
  document.addEventListener("click", (event) => {
    for (const menu of all(".app-menu[open]")) if (!menu.contains(event.target)) menu.open = false;
    const to = event.target.closest("[data-goto]");
    if (to) one(`#${to.dataset.goto}`)?.scrollIntoView();
    if (event.target.closest("[data-print]")) window.print();
  });
  document.addEventListener("submit", (event) => {
    const words = event.target.dataset.confirm;
    if (words && !window.confirm(words)) event.preventDefault();
  }, true);
  for (const form of all("form#task")) task(form);
  if (one("[data-list]")) list();
  for (const box of all("[data-keys-off]")) {
    box.checked = keysOff();
    box.addEventListener("change", () => { try { localStorage.setItem(OFF, box.checked ? "1" : "0"); } catch { /* a private window keeps nothing */ } });
  }
  for (const note of all("[data-stale]")) setTimeout(() => { note.hidden = false; }, 600000);
  one("[data-focus]")?.focus();
})();
