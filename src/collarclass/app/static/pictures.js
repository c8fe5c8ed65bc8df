// Pictures of a labelled file, drawn by the server as files of their own, with the numbers and the words for a paper.

import { Failed, get, upload } from "./api.js";
import { copy, h, put } from "./dom.js";
import { dropZone } from "./drop.js";
import { badge } from "./plane.js";
import { t } from "./words.js";

const WHAT = ["shares", "plane", "schooling", "certificates"];
const PERIODS = ["month", "quarter", "year"];
const SCALE = 2; // of a PNG, so that it is sharp on paper
let drawn = 0; // part of each picture's address: a browser shows an image again whose address it knows, though the shares were corrected

function save(address, name) {
  const link = h("a", { href: address, download: name });
  document.body.append(link);
  link.click();
  link.remove();
}

function savePng(image, name) {
  const canvas = h("canvas");
  [canvas.width, canvas.height] = [image.naturalWidth * SCALE, image.naturalHeight * SCALE];
  canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
  save(canvas.toDataURL("image/png"), name);
}

const percent = (share) => (share === null ? t("noInterval") : t.percent(share, 1));

function numbers(found, by) {
  const head = [...(by ? [t("group")] : []), t("label"), t("share"), t("from"), t("to"), t("counted"), t("ads")];
  return h("details", { class: "numbers" }, h("summary", {}, t("numbers")), h("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": t("numbers") }, h("table", { class: "shares" },
    h("thead", {}, h("tr", {}, head.map((name) => h("th", { scope: "col" }, name)))),
    h("tbody", {}, found.shares.map((row) => h("tr", {}, by ? h("th", { scope: "row" }, String(row[by])) : null, h("td", {}, badge(row.label), t(row.label)),
      [row.share, row.low, row.high, row.plain].map((value) => h("td", { class: "n" }, percent(value))), h("td", { class: "n" }, t.number(row.n_ads))))))));
}

function differences(rows) {
  const points = (value) => (value === null ? "" : t.number(Math.round(1000 * value) / 10));
  return rows.length ? h("ul", { class: "differences" }, rows.map((row) => h("li", {}, badge(row.label), `${t(row.label)}${t("colon")}${t("points", (row.difference > 0 ? "+" : "") + points(row.difference))}`,
    h("small", {}, row.low === null ? ` ${t("noInterval")}` : ` ${t("interval", points(row.low), points(row.high))}`)))) : null;
}

/** Wait until a file that was handed in is labelled. */
async function finished(id) {
  for (;;) {
    const job = await get(`v1/files/${id}`);
    if (job.state === "done" && job.rows) return job;
    if (!["waiting", "running"].includes(job.state)) throw new Failed(job.error ?? t("failedJob"), 400);
    await new Promise((resolve) => { setTimeout(resolve, 300); });
  }
}

/** The pictures of a job: of all its ads, of two of its groups, or of it and another file beside each other. */
export function pictures(job) {
  const area = h("div", { class: "results pictures" }), body = h("div");
  const select = (id, options, chosen) => h("select", { id, onchange: draw }, options.map(([value, name]) => h("option", { value, selected: value === chosen }, name)));
  const columns = [...(job.date ? PERIODS : []), ...job.groups, ...job.columns.filter((name) => !job.groups.includes(name) && name !== job.date && name !== job.title && !job.text.includes(name))];
  const what = select("what", WHAT.map((name) => [name, t(`what_${name}`)]), "shares");
  const by = select("by", ["", ...columns].map((name) => [name, name === "" || PERIODS.includes(name) ? t(`by_${name}`) : name]), columns[0] ?? "");
  const two = ["first", "second"].map((id) => select(id, [["", t("everyGroup")]], ""));
  const other = select("other", [["", t("noOther")]], "");
  const field = (name, control) => h("div", { class: "field" }, h("label", { for: control.id }, name), control);
  const more = h("div", { class: "fields inner" }, field(t("pictureBy"), by), field(t("pictureFirst"), two[0]), field(t("pictureSecond"), two[1]));
  const upload_ = h("div");
  let asked = 0;

  function offer(found) {
    const groups = by.value ? [...new Set(found.shares.map((row) => String(row[by.value])))].filter((name) => name && name !== "(all)") : [];
    for (const one of two) {
      const before = one.value;
      put(one, h("option", { value: "" }, t("everyGroup")), groups.map((name) => h("option", { value: name, selected: name === before }, name)));
    }
  }

  /** Files that were labelled before, and a place for one more. */
  async function offerFiles(chosen) {
    const { files } = await get("v1/files");
    put(other, h("option", { value: "" }, t("noOther")), files.filter((one) => one.id !== job.id && one.state === "done" && one.rows)
      .map((one) => h("option", { value: one.id, selected: one.id === chosen }, one.name)));
    put(upload_, h("details", {}, h("summary", {}, t("otherUpload")), dropZone(t("drop"), hand, { id: "otherfile", small: true })));
  }

  async function hand(file) {
    put(body, h("p", { class: "quiet busy", role: "status" }, t("otherRunning", file.name)));
    try {
      const { id } = await finished((await upload(`v1/files?start=true&name=${encodeURIComponent(file.name.slice(-200))}`, file)).id);
      await offerFiles(id);
      await draw();
    } catch (error) {
      put(body, h("p", { class: "error", role: "alert" }, error.status ? error.message : t("down")));
    }
  }

  async function draw(event) {
    if (event?.target === by) for (const one of two) one.value = "";
    const mine = ++asked, shares = what.value === "shares", beside = other.value !== "";
    more.hidden = beside;
    const query = new URLSearchParams({ lang: t.language(), across: String(matchMedia("(min-width: 48rem)").matches) });
    if (beside) query.set("other", other.value);
    else {
      query.set("by", by.value);
      if (two[0].value && two[1].value) for (const one of two) query.set(one.id, one.value);
    }
    area.setAttribute("aria-busy", "true");
    put(body, h("p", { class: "quiet busy", role: "status" }, t("drawing")));
    try {
      const found = await get(`v1/files/${job.id}/shares?${query}`);
      query.set("what", what.value);
      query.set("drawn", ++drawn);
      const address = `v1/files/${job.id}/picture.svg?${query}`;
      const alt = [t(`what_${what.value}`), beside ? `${job.name}${t("comma")}${other.selectedOptions[0].textContent}` : shares || query.has("first") ? `${t("pictureBy")} ${by.selectedOptions[0].textContent}` : ""];
      const image = h("img", { src: address, alt: alt.filter(Boolean).join(t("comma")), id: "picture" });
      await image.decode();
      if (mine !== asked) return;
      if (!beside) offer(found);
      const name = `${job.name.replace(/\.[^.]*$/, "")}-${what.value}`;
      put(body, h("figure", { class: !shares && (beside || query.has("first")) ? "picture pair" : "picture" }, image),
        h("div", { class: "actions" }, h("button", { class: "button", id: "saveSvg", onclick: () => save(address, `${name}.svg`) }, t("saveSvg")),
          h("button", { class: "button", id: "savePng", onclick: () => savePng(image, `${name}.png`) }, t("savePng"))),
        found.warnings.length && shares && !by.value && !beside ? h("p", { class: "quiet" }, found.warnings.join(t("semicolon"))) : null,
        shares ? [differences(found.differences), numbers(found, beside ? "file" : by.value), h("details", { class: "methods" }, h("summary", {}, t("methodsHead")), h("p", { class: "methodstext" }, found.methods),
          h("button", { class: "plain", onclick: (click) => copy(found.methods, click.target, t("copied")) }, t("copyMethods")))] : null);
    } catch (error) {
      if (mine === asked) put(body, h("p", { class: "error", role: "alert" }, error.status ? error.message : t("down")));
    } finally {
      if (mine === asked) area.removeAttribute("aria-busy");
    }
  }

  put(area, h("h2", {}, t("picturesHead")), h("div", { class: "fields" }, field(t("pictureWhat"), what), field(t("besideFile"), other), more), upload_, body);
  offerFiles().catch(() => {});
  draw();
  return area;
}
