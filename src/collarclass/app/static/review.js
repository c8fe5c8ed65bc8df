import { h } from "./dom.js";
import { t } from "./words.js";

export function view(main) {
  main.append(h("h1", {}, t("reviewHead")), h("p", { class: "lead" }, t("reviewLead")));
}
