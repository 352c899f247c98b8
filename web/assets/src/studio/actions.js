// What can be done with the selected step, as buttons: nothing in the studio needs dragging.
import { el, icon } from "./dom.js";
import { ICONS } from "./icons.js";
import { t } from "./page.js";
import { lanes, targets } from "./place.js";
import { below } from "./tools.js";

/** A row of buttons above the panel; `act(name, place)` runs one, for keys too. */
export function createActions(element, modeler, menus) {
  const actions = all(modeler, menus);
  const bar = el("div", { class: "db-st-acts", role: "group", "aria-label": t("acts") });
  const buttons = Object.entries(actions).map(([name, one]) => [one, make(name, one, modeler)]);
  bar.append(...buttons.map(([, found]) => found));
  element.append(bar);
  const show = () => {
    const chosen = modeler.get("selection").get();
    const able = chosen.length === 1 ? chosen[0] : undefined;
    for (const [one, found] of buttons) found.hidden = !(able ? one.fits(able) : one.many && chosen.length > 1);
    bar.hidden = buttons.every(([, found]) => found.hidden);
  };
  modeler.on(["selection.changed", "commandStack.changed"], show);
  show();
  return { act: (name, place) => run(actions[name], modeler, place) };
}

function make(name, one, modeler) {
  const label = t(`act_${name}`);
  const click = (event) => run(one, modeler, below(event));
  return el("button", { type: "button", class: "btn", title: `${label}（${one.key}）`, "aria-keyshortcuts": one.key, click }, icon(ICONS[one.icon]), label);
}

function run(one, modeler, place) {
  const chosen = modeler.get("selection").get();
  if (chosen.length === 1 && one.fits(chosen[0])) one.run(chosen[0], place);
  else if (chosen.length > 1 && one.many) one.many(chosen);
}

const isNode = (element) => element.type !== "label" && !element.waypoints && element.parent;

function all(modeler, menus) {
  const menu = (name, title) => (element, place) => menus.open(name, element, place, title);
  const fills = (name) => (element) => element.parent && element.type !== "label" && !menus.isEmpty(name, element);
  const remove = (elements) => modeler.get("modeling").removeElements(elements);
  return {
    follow: { key: "A", icon: "add", fits: fills("db-follow"), run: menu("db-follow", t("act_follow")) },
    connect: { key: "T", icon: "connect", fits: (one) => isNode(one) && one.type !== "bpmn:Lane" && targets(modeler, one).length > 0, run: menu("db-connect", t("act_connect")) },
    type: { key: "R", icon: "type", fits: fills("bpmn-replace"), run: menu("bpmn-replace", t("act_type")) },
    lane: { key: "Y", icon: "lane", fits: (one) => movable(one) && lanes(modeler, one).length > 1, run: menu("db-lane", t("act_lane")) },
    remove: { key: "Delete", icon: "remove", fits: (one) => Boolean(one.parent), run: (one) => remove([one]), many: remove },
  };
}

const movable = (element) => isNode(element) && !element.host && !["bpmn:Participant", "bpmn:Lane"].includes(element.type);
