// The library's words in Chinese: the community's translation, then ours over it.
import zh from "bpmn-js-i18n/translations/zn.js";

import { fill } from "../dom.js";
import { missing, page } from "../page.js";
import own from "./zh.js";

const WORDS = { ...zh, ...own };

function translate(template, values) {
  if (page.locale !== "zh") return fill(template, values);
  const found = WORDS[template];
  if (found === undefined) missing(template);
  return fill(found ?? template, values);
}

export default { translate: ["value", translate] };
