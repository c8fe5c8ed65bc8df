// A file before it is labelled: its sheet, its row of names, what each column is read as, and what it holds.

import { send } from "./api.js";
import { h, put, short } from "./dom.js";
import { t } from "./words.js";

const ROLES = ["", "title", "text", "code", "date", "group"];
const ONE = ["title", "code", "date"]; // of these there is one column at most
const PREVIEW = 150; // letters of a cell; the server cuts them a little later
const FORMATS = [["", "sameFormat"], ["csv", "CSV"], ["xlsx", "Excel"], ["jsonl", "JSON Lines"], ["parquet", "Parquet"]];

const field = (id, name, control, note) => h("div", { class: "field" }, h("label", { for: id }, name), control, note ? h("small", {}, note) : null);
const select = (id, options, chosen) => h("select", { id }, options.map(([value, shown]) => h("option", { value, selected: value === chosen }, shown)));
const number = (id, value, attributes) => h("input", { id, type: "number", value: String(value), ...attributes });

/** The form of a file; `again` gets another layout, and `start` gets what to label. */
export function intake(job, definitions, { again, start }) {
  const box = h("div", { class: "intake" });
  const profile = h("div", { class: "profile", id: "profile", "aria-live": "polite" });
  const roleOf = (column) => (column === job.title ? "title" : job.text.includes(column) ? "text" : column === job.date ? "date" : job.groups.includes(column) ? "group" : "");
  const roles = new Map(job.columns.map((column) => [column, h("select", { class: "role", "aria-label": `${t("use")}${t("colon")}${column}`, "data-role": column },
    ROLES.map((role) => h("option", { value: role, selected: role === roleOf(column) }, t(role ? `as_${role}` : "asNothing"))))]));
  const withRole = (role) => [...roles].filter(([, one]) => one.value === role).map(([column]) => column);
  const columns = () => ({ title: withRole("title")[0] ?? null, text: withRole("text"), code: withRole("code")[0] ?? null, date: withRole("date")[0] ?? null, groups: withRole("group") });

  const table = h("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": t("columnsHead") }, h("table", { class: "preview", id: "preview" },
    h("thead", {}, h("tr", {}, job.columns.map((column) => h("th", { scope: "col", "data-column": column }, column, roles.get(column))))),
    h("tbody", {}, job.preview.map((row) => h("tr", {}, job.columns.map((column) => h("td", { "data-column": column }, h("div", {}, short(row[column] ?? "", PREVIEW)))))))));

  function colour() {
    for (const cell of table.querySelectorAll("[data-column]")) cell.classList.toggle("used", roles.get(cell.getAttribute("data-column")).value !== "");
  }

  table.addEventListener("change", ({ target }) => {
    if (ONE.includes(target.value)) for (const other of roles.values()) if (other !== target && other.value === target.value) other.value = "";
    colour();
    look();
  });

  const definition = select("definition", definitions.map((one) => [one.name, t(`def_${one.name}`)]), job.definition);
  const meaning = h("small", { id: "meaning" }), least = number("least", 0, { min: "0", max: "100", step: "5" });
  definition.setAttribute("aria-describedby", "meaning");
  const explain = () => {
    const chosen = definitions.find((one) => one.name === definition.value);
    const summary = t.language() === "zh" ? chosen.summary_zh : chosen.summary;
    meaning.textContent = definition.value === "article" ? t("articleNote", summary) : summary;
    least.disabled = definition.value !== "article"; // labels by rules have no confidence
  };
  definition.addEventListener("change", explain);
  const format = select("format", FORMATS.map(([value, name]) => [value, t(name)]), "");
  const evidence = h("input", { type: "checkbox", id: "evidence", checked: true });

  const relay = () => again({ sheet: sheet.value || null, header_row: Number(header.value) || null, skip_rows: Number(skip.value) || 0 });
  const sheet = select("sheet", job.sheets.map((name) => [name, name]), job.sheet);
  const header = number("header", job.header_row ?? 1, { min: "1", max: "1000" }), skip = number("skip", job.skip_rows, { min: "0", max: "1000" });
  for (const one of [header, skip]) one.addEventListener("change", relay);
  sheet.addEventListener("change", () => again({ sheet: sheet.value }));
  const records = select("records", job.lists.map((name) => [name, name]), job.records);
  records.addEventListener("change", () => again({ records: records.value }));

  let asked = 0;
  async function look() {
    const mine = ++asked, wanted = columns();
    if (!wanted.title && !wanted.text.length) { put(profile, h("p", { class: "error", role: "alert" }, t("chooseColumn"))); return; }
    put(profile, h("p", { class: "quiet busy" }, t("looking")));
    try {
      const found = await send("POST", `v1/files/${job.id}/profile`, wanted);
      if (mine === asked) put(profile, figures(found, wanted));
    } catch (error) {
      if (mine === asked) put(profile, h("p", { class: "error", role: "alert" }, error.status ? error.message : t("down")));
    }
  }

  put(box,
    job.lists.length ? h("div", { class: "fields" }, field("records", t("records"), records, t("recordsNote"))) : null,
    job.header_row === null ? null : h("div", { class: "fields" },
      job.sheets.length ? field("sheet", t("sheet"), sheet) : null, field("header", t("headerRow"), header), field("skip", t("skipRows"), skip)),
    h("h3", {}, t("columnsHead")), table, h("p", { class: "quiet" }, t("rowsShown", job.preview.length)),
    h("h3", {}, t("profileHead")), profile,
    h("h3", {}, t("optionsHead")),
    h("div", { class: "fields" }, field("definition", t("definition"), definition, meaning), field("least", t("leastSure"), least, t("leastSureNote")), field("format", t("outFormat"), format)),
    h("label", { class: "check" }, evidence, t("words")),
    h("div", { class: "actions" }, h("button", { class: "button first", id: "start", onclick: () => {
      const wanted = columns();
      if (!wanted.title && !wanted.text.length) { look(); return; }
      start({ ...wanted, definition: definition.value, format: format.value || null, evidence: evidence.checked, min_confidence: least.disabled ? 0 : Math.min(1, Math.max(0, Number(least.value) / 100 || 0)) });
    } }, t("start"))));
  colour();
  explain();
  look();
  return box;
}

function figures(found, wanted) {
  const figure = (name, value, note) => h("div", {}, h("dt", {}, name), h("dd", {}, value, note ? h("small", {}, ` ${note}`) : null));
  const languages = Object.entries(found.languages).map(([lang, n]) => `${t(`lang_${lang}`)} ${t.percent(n / Math.max(1, Object.values(found.languages).reduce((a, b) => a + b, 0)))}`);
  return [
    h("dl", { class: "figures small" },
      figure(t("figureRows"), t.number(found.rows), found.whole ? "" : t("firstRows")),
      figure(t("figureEmpty"), t.number(found.empty)),
      wanted.title ? figure(t("figureUntitled"), t.number(found.untitled)) : null,
      figure(t("figureLanguages"), languages.join(t("comma")) || "–"),
      figure(t("figureRepeated"), t.number(found.repeated)),
      wanted.date ? figure(t("figureDates"), found.first ? t("interval", found.first, found.last) : "–", found.undated ? t("undated", t.number(found.undated)) : "") : null,
      figure(t("figureOdd"), t.number(found.n_odd))),
    found.odd.length ? h("details", {}, h("summary", {}, t("oddRows")), h("ul", { class: "odd" }, found.odd.map((one) => h("li", {}, `${t("rowOf", t.number(one.row))}${t("colon")}${one.note}`)))) : null,
  ];
}
