"use strict";
// Two pictures of a process: zoomed and scrolled together, and walked through difference by
// difference. Without it every picture scrolls by itself and the links lead to their elements.
(() => {
  const panes = [...document.querySelectorAll(".app-panes .db-diagram")].map((box) => {
    const svg = box.querySelector("svg.bp");
    return { box, svg, view: svg.viewBox.baseVal, anchor: box.dataset.anchor, echo: null };
  });
  const bar = document.querySelector(".app-compare__bar");
  const tools = bar.querySelector(".app-compare__tools");
  const LEVELS = [0.25, 0.35, 0.5, 0.65, 0.8, 1, 1.25, 1.5, 2];
  let zoom = 1;

  // ── One place and one size for both ──────────────────────────────────────────────────────
  // Places are in the diagram's own measure: pictures of different sizes still stand alike.
  const place = ({ box, view }) => ({ x: view.x + (box.scrollLeft + box.clientWidth / 2) / zoom, y: view.y + (box.scrollTop + box.clientHeight / 2) / zoom });
  function show(pane, { x, y }) {
    const { box, view } = pane;
    box.scrollLeft = (x - view.x) * zoom - box.clientWidth / 2;
    box.scrollTop = (y - view.y) * zoom - box.clientHeight / 2;
    pane.echo = [box.scrollLeft, box.scrollTop];
  }
  const isEcho = ({ box, echo }) => echo && Math.abs(box.scrollLeft - echo[0]) < 2 && Math.abs(box.scrollTop - echo[1]) < 2;
  for (const pane of panes) {
    pane.box.addEventListener("scroll", () => {
      if (isEcho(pane)) return;
      pane.echo = null;
      for (const other of panes) if (other !== pane) show(other, place(pane));
    }, { passive: true });
  }
  function resize(next) {
    const places = panes.map(place);
    zoom = Math.min(2, Math.max(0.1, next));
    for (const { svg, view } of panes) {
      svg.setAttribute("width", view.width * zoom);
      svg.setAttribute("height", view.height * zoom);
    }
    panes.forEach((pane, n) => show(pane, places[n]));
    bar.querySelector("output").value = `${Math.round(zoom * 100)}%`;
  }
  const fit = () => resize(Math.min(1, ...panes.map(({ box, view }) => (box.clientWidth - 20) / view.width)));
  const steps = {
    "1": () => resize(LEVELS.find((level) => level > zoom + 0.01) ?? zoom),
    "-1": () => resize(LEVELS.findLast((level) => level < zoom - 0.01) ?? zoom),
    "0": fit,
  };

  // ── From one difference to the next ──────────────────────────────────────────────────────
  const rows = [...document.querySelectorAll("[data-diff]")].filter((row) => row.querySelector(".app-diffs__see a"));
  const links = (row) => [...row.querySelectorAll(".app-diffs__see a")];
  const id = (link) => decodeURIComponent(link.hash.slice(1));
  let at = -1;
  function middle(element) {
    const ring = element.querySelector(".bp-halo") ?? element;
    const box = ring.getBBox();
    return { x: box.x + box.width / 2, y: box.y + box.height / 2 };
  }
  function aim(key) {
    const found = panes.map(({ anchor }) => document.getElementById(anchor + key));
    const known = found.find(Boolean);
    if (!known) return;
    panes.forEach((pane, n) => show(pane, middle(found[n] ?? known)));
    for (const old of document.querySelectorAll(".is-aimed")) old.classList.remove("is-aimed");
    for (const one of found) one?.classList.add("is-aimed");
  }
  const keyOf = (target) => { const pane = panes.find(({ anchor }) => target.startsWith(anchor)); return pane && target.slice(pane.anchor.length); };
  function go(n) {
    at = (n + rows.length) % rows.length;
    const now = bar.querySelector(".app-compare__now");
    now.replaceChildren(Object.assign(document.createElement("b"), { textContent: `${at + 1}/${rows.length}` }), rows[at].dataset.diff);
    rows.forEach((row, i) => row.toggleAttribute("data-now", i === at));
    aim(keyOf(id(links(rows[at])[0])));
    history.replaceState(null, "", links(rows[at])[0].hash);
  }
  document.addEventListener("click", (event) => {
    const link = event.target.closest(".app-diffs__see a, .app-compare__tools a[rel]");
    const zooms = event.target.closest("[data-zoom]");
    if (zooms) steps[zooms.dataset.zoom]();
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    if (link.rel) { go(link.rel === "next" ? at + 1 : at < 0 ? -1 : at - 1); return; }
    go(rows.indexOf(link.closest("[data-diff]")));
    bar.parentElement.scrollIntoView({ block: "start" });
    document.getElementById(id(link)).closest(".db-diagram").focus({ preventScroll: true });
  });

  tools.hidden = false;
  resize(matchMedia("(max-width: 767px)").matches ? 0.65 : 0.8);
  const wanted = location.hash.length > 1 ? keyOf(decodeURIComponent(location.hash.slice(1))) : null;
  const first = rows.length ? keyOf(id(links(rows[0])[0])) : null;
  if (wanted) aim(wanted);
  else if (first) { aim(first); for (const one of document.querySelectorAll(".is-aimed")) one.classList.remove("is-aimed"); }
})();
