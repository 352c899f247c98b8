// Submitting: only what is saved and without errors. The reason stands beside the button.
import { el } from "./dom.js";
import { t } from "./page.js";

/** Governs the button; `before(save)` is awaited so that the last stroke is submitted too. */
export function createSubmit(button) {
  if (!button) return { errors() {}, before() {} };
  const why = el("span", { class: "db-sub", id: "db-why" });
  button.after(why);
  button.lastChild.textContent = t("submit");
  let wrong = 0;
  let save = async () => true;
  let sure = false;
  button.addEventListener("click", async (event) => {
    if (sure) return;
    event.preventDefault();
    if (wrong) return;
    if (!(await save())) { why.textContent = t("submit_unsaved"); return; }
    if (wrong) return;
    sure = true;
    button.click();
  });
  return {
    /** How many errors there are; with any, nothing can be submitted. */
    errors(count) {
      wrong = count;
      button.toggleAttribute("aria-disabled", count > 0);
      if (count > 0) button.setAttribute("aria-disabled", "true");
      button.setAttribute("aria-describedby", why.id);
      why.textContent = count > 0 ? t("submit_errors", { n: count }) : "";
    },
    before(action) { save = action; },
  };
}
