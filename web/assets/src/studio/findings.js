// The results below the drawing: what the checks found, what differs, where the versions are.
import { el, icon } from "./dom.js";
import { ICONS } from "./icons.js";
import { ask, page, t } from "./page.js";

const LEVELS = {
  error: { class: "db-chk db-chk--fail", icon: "error", words: "level_error" },
  warning: { class: "db-chk db-chk--warn", icon: "warning", words: "level_warning" },
};

/** The tabs and their lists. `go(elementId)` selects an element in the drawing. */
export class Results {
  constructor(element, { go, marks, known }) {
    Object.assign(this, { element, go, marks, known, count: null, against: page.draft.base?.version ?? null });
    this.tabs = el("div", { class: "db-tabs", role: "tablist", "aria-label": t("results"), keydown: (event) => this.turn(event) });
    this.body = el("div", { class: "db-st-results", role: "tabpanel", id: "db-st-results", tabindex: "0" });
    this.summary = el("p", { class: "db-vh", role: "status" });
    this.checks = this.tab("checks", () => this.showChecks());
    this.compared = this.tab("compare", () => this.showDifferences());
    this.tabs.append(this.checks, this.compared, ...this.links());
    element.replaceChildren(this.tabs, this.body, this.summary);
    this.list = null;
    this.open(this.checks);
  }

  tab(name, show) {
    const found = el("button", { type: "button", role: "tab", id: `db-tab-${name}`, "aria-controls": "db-st-results", "aria-selected": "false", tabindex: "-1", click: () => this.open(found) });
    found.show = show;
    return found;
  }

  links() {
    const address = page.urls.versions;
    return address ? [el("a", { href: address, class: "db-st-away" }, t("tab_versions"))] : [];
  }

  turn(event) {
    const all = [this.checks, this.compared];
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step || !all.includes(event.target)) return;
    const next = all.at((all.indexOf(event.target) + step) % all.length);
    this.open(next);
    next.focus();
  }

  open(tab) {
    for (const one of [this.checks, this.compared]) {
      one.setAttribute("aria-selected", String(one === tab));
      one.tabIndex = one === tab ? 0 : -1;
    }
    this.body.setAttribute("aria-labelledby", tab.id);
    this.now = tab;
    this.label();
    tab.show();
  }

  label() {
    this.checks.textContent = this.list ? t("tab_checks", { n: this.list.length }) : t("tab_checks_open");
    const words = this.against ? t("tab_compare", { version: this.against, n: this.count ?? "" }) : t("tab_compare_new", { n: this.count ?? "" });
    this.compared.textContent = this.count === null ? t("tab_compare_open", { version: this.against ?? "" }) : words;
    this.compared.hidden = !this.against && !this.count;
  }

  /** Show what a check found; errors come first, then as in the drawing. */
  findings(list) {
    this.list = [...list].sort((a, b) => rank(a) - rank(b));
    const errors = this.list.filter((one) => one.level === "error").length;
    const words = t("found", { errors, warnings: this.list.length - errors });
    if (this.summary.textContent !== words) this.summary.textContent = words;
    this.marks.findings(this.list);
    document.dispatchEvent(new CustomEvent("danbao:findings", { detail: this.list }));
    this.label();
    if (this.now === this.checks) this.showChecks();
    return errors;
  }

  showChecks() {
    if (!this.list) this.say(t("checking"));
    else if (!this.list.length) this.say(t("found_nothing"), "good");
    else this.body.replaceChildren(table(this.list.map((one) => this.finding(one))));
  }

  say(words, name) {
    this.body.replaceChildren(el("p", { class: `db-st-say${name ? " db-chk--pass" : ""}` }, ...(name ? [icon(ICONS[name])] : []), words));
  }

  finding(one) {
    const level = LEVELS[one.level] ?? LEVELS.warning;
    const mark = el("span", { class: level.class }, icon(ICONS[level.icon]), t(level.words));
    return el("tr", { "data-element": one.element },
      el("td", { class: "db-nowrap" }, mark),
      el("td", { class: "db-st-where" }, this.link(one.element, one.name)),
      el("td", {}, one.message),
      el("td", {}, one.remedy));
  }

  link(id, name) {
    if (!id || !this.known(id)) return name || id || t("whole_file");
    return el("button", { type: "button", class: "btn-link", title: id, click: () => this.go(id) }, name || id);
  }

  /** Open the finding of an element. */
  point(id) {
    this.open(this.checks);
    const row = this.body.querySelector(`tr[data-element="${CSS.escape(id)}"]`);
    row?.scrollIntoView({ block: "nearest" });
    row?.querySelector("button")?.focus();
  }

  /** The number of differences after saving; the list itself is fetched when it is open. */
  differ(count) {
    if (count === undefined || count === null) return;
    this.count = count;
    this.label();
    this.fetched = null;
    this.loadDifferences();
  }

  async loadDifferences() {
    const answer = await ask(page.urls.differences).catch(() => ({ ok: false, data: {} }));
    if (!answer.ok || !answer.data.differences) { this.failed = true; } else {
      this.failed = false;
      this.fetched = answer.data.differences;
      this.against = answer.data.against?.version ?? this.against;
      this.count = this.fetched.length;
      this.marks.differences(this.against ? this.fetched : []);
    }
    this.label();
    if (this.now === this.compared) this.showDifferences();
  }

  showDifferences() {
    if (this.failed) this.say(t("compare_failed"));
    else if (!this.fetched) { this.say(t("comparing")); if (this.count === null) this.loadDifferences(); }
    else if (!this.fetched.length) this.say(t("differs_nothing"), "good");
    else this.body.replaceChildren(...this.side(), table(this.fetched.map((one) => this.difference(one))));
  }

  side() {
    const address = page.urls.compare;
    return address && this.against ? [el("p", { class: "db-st-say" }, el("a", { href: address }, t("side_by_side")))] : [];
  }

  difference(one) {
    return el("tr", {},
      el("td", { class: "db-nowrap" }, t(`kind_${one.kind}`)),
      el("td", { class: "db-st-where" }, this.link(one.element, this.known(one.element)?.businessObject?.name)),
      el("td", {}, one.words));
  }
}

const rank = (one) => (one.level === "error" ? 0 : 1);
const table = (rows) => el("table", { class: "db-ev db-ev--tight" }, el("tbody", {}, ...rows));
