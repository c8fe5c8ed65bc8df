// An ad with its words tinted by what they weigh and its requirements underlined by how they are asked for.

import { codePoints, h } from "./dom.js";
import { t } from "./words.js";

const LEAST = 0.15; // of the weightiest term: what counts less is not tinted
const LEVELS = 5;

function weigh(length, field, evidence) {
  const strongest = Math.max(...evidence.map((e) => Math.abs(e.weight)), 1e-9);
  const best = new Array(length).fill(null);
  for (const item of evidence) {
    if (item.field !== field || Math.abs(item.weight) < LEAST * strongest) continue;
    for (let i = item.start; i < item.end && i < length; i++) {
      if (!best[i] || Math.abs(item.weight) > Math.abs(best[i].weight)) best[i] = item;
    }
  }
  return { best, strongest };
}

function tintOf(item, strongest) {
  if (!item) return "";
  const level = Math.max(1, Math.ceil((LEVELS * Math.abs(item.weight)) / strongest));
  return `tint ${item.dimension === "academic" ? "a" : "h"}${level}${item.weight < 0 ? " lowers" : ""}`;
}

function titleOf(item) {
  return item ? `${t(item.dimension)} ${item.weight > 0 ? "+" : "−"}${Math.abs(item.weight).toFixed(2)}` : null;
}

/** The pieces of one field. `tinted` and `numbers` say whether to tint, and which requirement has which number. */
export function read(text, field, { evidence = [], requirements = [] }, { tinted = true, numbers = null } = {}) {
  const points = codePoints(text);
  const { best, strongest } = weigh(points.length, field, tinted ? evidence : []);
  const asked = new Array(points.length).fill(null);
  for (const one of requirements) {
    if (one.field === field) for (let i = one.start; i < one.end && i < points.length; i++) asked[i] ??= one;
  }
  const out = [];
  let i = 0;
  while (i < points.length) {
    const one = asked[i];
    let end = i;
    while (end < points.length && asked[end] === one) end++;
    const pieces = [];
    for (let a = i; a < end;) {
      let b = a;
      while (b < end && best[b] === best[a]) b++;
      const words = points.slice(a, b).join("");
      pieces.push(best[a] ? h("span", { class: tintOf(best[a], strongest), title: titleOf(best[a]) }, words) : words);
      a = b;
    }
    if (one) {
      const number = numbers?.get(one);
      out.push(h("span", { class: `asked ${one.status}`, title: t(one.status) }, pieces),
        number ? h("sup", { class: "number", "data-number": number, "aria-hidden": "true" }) : null);
    } else out.push(...pieces);
    i = end;
  }
  return out.filter(Boolean);
}

/** What the tints and lines mean. */
export const key = () => h("p", { class: "key" },
  h("span", { class: "tint a3" }, t("academic")), " ", h("span", { class: "tint h3" }, t("hands_on")), " ",
  h("span", { class: "tint lowers" }, t("lowers")), " ",
  ["required", "preferred", "substitutable", "not_needed"].map((status) => [h("span", { class: `asked ${status}` }, t(status)), " "]));
