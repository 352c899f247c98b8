// Saving by itself: a moment after the last change, one request at a time, and never a silent loss.
// What could not be saved stays in the browser until it is, and can be downloaded.
import { el } from "./dom.js";
import { ask, page, t } from "./page.js";

const QUIET = 1500;
const PATIENCE = [2000, 4000, 8000, 16000, 30000];
const KEY = `danbao-draft-${page.draft.id}`;

const store = {
  read() { try { return JSON.parse(sessionStorage.getItem(KEY)); } catch { return null; } },
  write(copy) { try { sessionStorage.setItem(KEY, JSON.stringify(copy)); } catch { /* a full or private store keeps nothing */ } },
  clear() { try { sessionStorage.removeItem(KEY); } catch { /* as above */ } },
};

/** Offer the browser's copy as a file. */
export function download(xml) {
  const address = URL.createObjectURL(new Blob([xml], { type: "application/xml" }));
  const link = el("a", { href: address, download: `${page.draft.key}.bpmn` });
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), 10000);
}

/**
 * Keeps the draft saved. `onSaved(answer)` hears of every saved revision, `onStopped` of the end of
 * saving: another has taken over or the draft is settled.
 */
export class Saving {
  constructor(modeler, element, { onSaved, onStopped }) {
    Object.assign(this, { modeler, element, onSaved, onStopped });
    this.revision = page.draft.revision;
    this.dirty = false;
    this.stopped = false;
    this.tries = 0;
    this.saved(page.draft.saved_at);
    modeler.on("commandStack.changed", () => this.changed());
    addEventListener("online", () => this.dirty && this.soon(0));
    addEventListener("beforeunload", (event) => { if (this.dirty || this.running) event.preventDefault(); });
  }

  /** The XML as it is drawn now. */
  async xml() {
    this.modeler.get("directEditing").complete();
    return (await this.modeler.saveXML({ format: true })).xml;
  }

  changed() {
    this.dirty = true;
    if (this.stopped) { this.keep(); return; }
    this.say("dirty", t("save_dirty"));
    this.soon(QUIET);
  }

  async keep() {
    store.write({ revision: this.revision, xml: (await this.modeler.saveXML({ format: true })).xml });
  }

  soon(delay) {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.save(), delay);
  }

  /** Save what is not saved yet. True when nothing is left to save. */
  async save() {
    clearTimeout(this.timer);
    if (this.running) await this.running;
    if (!this.dirty || this.stopped) return !this.dirty;
    this.running = this.send();
    try { await this.running; } finally { this.running = null; }
    return !this.dirty;
  }

  async send() {
    const { xml } = await this.modeler.saveXML({ format: true });
    store.write({ revision: this.revision, xml });
    this.dirty = false;
    this.say("saving", t("save_saving"));
    let answer;
    try {
      answer = await this.put(xml);
    } catch {
      this.failed(navigator.onLine ? t("save_unreachable") : t("save_offline"));
      return;
    }
    this.heard(answer, xml);
  }

  put(xml) {
    const headers = { "Content-Type": "application/xml", "X-Revision": String(this.revision), "X-Tab": page.tab };
    return ask(page.urls.source, { method: "PUT", body: xml, headers });
  }

  heard({ status, ok, data }, xml) {
    if (ok && data.revision !== undefined) this.done(data);
    else if (status === 409 && data.error !== "crossed") this.stop(data, xml);
    else if (status === 422 || status === 413) this.refused(data);
    else if (status === 401 || data.error === "csrf" || ok) this.signedOut();
    else this.failed(status === 403 && data.message ? data.message : t("save_server"));
  }

  done(answer) {
    this.tries = 0;
    this.revision = answer.revision;
    if (!this.dirty) { store.clear(); this.saved(answer.saved_at); }
    this.onSaved(answer);
  }

  saved(at) {
    this.say("saved", at ? t("save_saved", { at }) : "");
  }

  // nothing was stored: the next change tries again, this text never would
  refused(data) {
    this.dirty = true;
    const words = [data.message ?? t("save_refused"), data.remedy].filter(Boolean).join("，");
    this.say("failed", t("save_failed", { why: words }), this.offer());
  }

  // the token of this page is gone with the session; the copy in the browser is offered again
  signedOut() {
    this.dirty = true;
    this.say("failed", t("save_failed", { why: t("save_signed_out") }), this.again(), this.offer());
  }

  failed(why) {
    this.dirty = true;
    const wait = PATIENCE[Math.min(this.tries, PATIENCE.length - 1)];
    this.tries += 1;
    this.say("failed", t("save_failed", { why }), this.again(), this.offer());
    this.soon(wait);
  }

  stop(data, xml) {
    this.dirty = true;
    this.halt();
    store.write({ revision: this.revision, xml });
    this.say("failed", t("save_stopped"));
    this.onStopped(data);
  }

  /** No more saving in this tab. */
  halt() {
    this.stopped = true;
    clearTimeout(this.timer);
  }

  again() {
    return el("button", { type: "button", class: "btn-link", click: () => this.soon(0) }, t("save_again"));
  }

  offer() {
    return el("button", { type: "button", class: "btn-link", click: async () => download(await this.xml()) }, t("save_download"));
  }

  say(state, words, ...buttons) {
    const now = `${state} ${words}`;
    if (now === this.now) return;
    this.now = now;
    this.element.dataset.state = state;
    this.element.replaceChildren(el("span", {}, words), ...buttons);
  }

  /** What an earlier visit to this tab could not save, if anything. */
  left() {
    const copy = store.read();
    return copy?.xml ? { xml: copy.xml, current: copy.revision === this.revision } : null;
  }

  /** Give up the copy in the browser. */
  forget() {
    store.clear();
  }
}
