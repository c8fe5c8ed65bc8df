// A place to drop a file on, or to choose one with the keyboard.

import { h } from "./dom.js";
import { t } from "./words.js";

export const ACCEPTED = ".csv,.tsv,.txt,.jsonl,.ndjson,.json,.parquet,.xlsx,.xls,.ods,.gz,.zst,.xz,.bz2,.zip";

/** `take` gets the file. */
export function dropZone(name, take, { id = "file", small = false } = {}) {
  const input = h("input", { type: "file", id, accept: ACCEPTED, class: "unseen" });
  const zone = h("div", { class: `drop${small ? " small" : ""}` },
    h("label", { for: id }, h("span", { class: "big" }, name), " ", h("span", { class: "choose" }, t("choose"))), input);
  input.addEventListener("change", () => { if (input.files.length) take(input.files[0]); });
  for (const kind of ["dragenter", "dragover"]) {
    zone.addEventListener(kind, (event) => { event.preventDefault(); zone.classList.add("over"); });
  }
  zone.addEventListener("dragleave", () => zone.classList.remove("over"));
  zone.addEventListener("drop", (event) => {
    event.preventDefault();
    zone.classList.remove("over");
    const file = event.dataTransfer?.files?.[0];
    if (file) take(file);
  });
  return zone;
}

export function size(bytes) {
  const units = ["byte", "kilobyte", "megabyte", "gigabyte"];
  const step = Math.min(3, Math.floor(Math.log10(Math.max(bytes, 1)) / 3));
  return new Intl.NumberFormat(t.language(), { style: "unit", unit: units[step], unitDisplay: step ? "short" : "long", maximumFractionDigits: step ? 1 : 0 })
    .format(bytes / 1000 ** step);
}
