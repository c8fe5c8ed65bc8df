// Ads labelled by hand, one key each; the model's own label stays hidden.

import { get, send, upload } from "./api.js";
import { announce, h, put, short } from "./dom.js";
import { dropZone } from "./drop.js";
import { badge } from "./plane.js";
import { read } from "./tint.js";
import { t } from "./words.js";

const KEYS = { w: "white", b: "blue", g: "gray", u: "unclear" };
const state = { id: null, at: 0, past: [], annotator: "", n: 100 };

export function view(main, known, query) {
  const body = h("div", { class: "column review" });
  const head = h("div", { class: "reviewhead" }, h("h1", {}, t("reviewHead")), h("p", { class: "lead" }, t("reviewLead")));
  main.append(head, body);
  let review = null, ad = null, tinted = false, gone = false, busy = false;

  const failed = (error) => h("p", { class: "error", role: "alert" }, error.status ? error.message : t("down"));

  function begin(error) {
    head.hidden = false;
    const name = h("input", { id: "annotator", type: "text", autocomplete: "off", maxlength: "100" });
    const n = h("input", { id: "n", type: "number", min: "1", max: "5000" });
    [name.value, n.value] = [state.annotator, String(state.n)];
    const options = () => {
      state.annotator = name.value.trim();
      state.n = Math.min(5000, Math.max(1, Number(n.value) || 100));
      return { annotator: state.annotator, n: state.n };
    };
    const fields = h("div", { class: "fields" },
      h("div", { class: "field" }, h("label", { for: "annotator" }, t("annotator")), name),
      h("div", { class: "field" }, h("label", { for: "n" }, t("sampleSize")), n));
    const file = query.get("file");
    /** Labels without a name could not be told from those of others. */
    const nameless = () => {
      options();
      if (state.annotator) return false;
      body.querySelector(".error")?.remove();
      fields.after(h("p", { class: "error", role: "alert" }, t("nameFirst")));
      name.focus();
      return true;
    };
    const hand = async (given) => {
      if (nameless()) return;
      const { annotator, n: number } = options();
      await open(() => upload(`v1/reviews?name=${encodeURIComponent(given.name.slice(-200))}&annotator=${encodeURIComponent(annotator)}&n=${number}`, given));
    };
    put(body, fields,
      file ? h("div", { class: "actions" }, h("button", { class: "button first", id: "begin", onclick: () => nameless() || open(() => send("POST", `v1/files/${file}/review`, options())) }, t("begin")))
        : dropZone(t("reviewDrop"), hand, { id: "reviewfile" }),
      h("p", { class: "quiet hint" }, t("modelSays"), t.language() === "en" ? " " : "", t("usefulFirst")), error ? failed(error) : null);
    get("v1/reviews").then(({ reviews }) => {
      if (!gone && reviews.length && !review) body.append(h("ul", { class: "earlier" }, reviews.map((one) => h("li", {},
        h("button", { class: "plain", onclick: () => open(() => Promise.resolve(one)) }, one.name), h("small", {}, ` ${one.annotator} · ${t("progress", one.done, one.n)}`)))));
    }).catch(() => {});
  }

  async function open(make) {
    try {
      review = await make();
      state.id = review.id;
      state.past = [];
      const first = review.labels.indexOf(null);
      if (review.done) announce(t("resumed", review.done));
      await show(first < 0 ? review.n : first);
    } catch (error) {
      review = null;
      if (!gone) begin(error);
    }
  }

  async function show(place) {
    state.at = place;
    tinted = false;
    if (place >= review.n) return finish();
    ad = await get(`v1/reviews/${review.id}/ads/${place}`);
    if (gone) return undefined;
    draw();
    scrollTo(0, 0);
    announce(`${t("progress", place + 1, review.n)}. ${ad.title}`);
    return undefined;
  }

  const heading = (title) => h("h1", { class: title ? "adtitle" : "unseen" }, title ?? t("progress", state.at + 1, review.n));

  function draw() {
    head.hidden = true;
    const bar = h("progress", { max: String(review.n), id: "reviewbar", "aria-label": t("reviewHead") });
    bar.value = review.done;
    const sheet = h("article", { class: "sheet ad", id: "ad" });
    put(sheet, heading(ad.title || null), h("div", { class: "adtext" }, ad.text));
    const keys = h("div", { class: "keys", role: "group", "aria-label": t("label") }, Object.entries(KEYS).map(([letter, label]) =>
      h("button", { class: `keybutton ${ad.label === label ? "chosen" : ""}`, id: `key-${label}`, "aria-keyshortcuts": letter, "aria-pressed": String(ad.label === label), onclick: () => answer(label) },
        badge(label), h("span", {}, t(label)), h("kbd", { "aria-hidden": "true" }, letter.toUpperCase()))));
    const small = h("div", { class: "actions" },
      h("button", { class: "plain", id: "undo", disabled: !state.past.length, onclick: undo }, t("undo"), h("kbd", { "aria-hidden": "true" }, "Z")),
      h("button", { class: "plain", id: "skipAd", onclick: skip }, t("skipAd"), h("kbd", { "aria-hidden": "true" }, "S")),
      h("button", { class: "plain", id: "tint", "aria-pressed": "false", onclick: tint }, t("tint"), h("kbd", { "aria-hidden": "true" }, "T")),
      h("a", { class: "plain", id: "save", href: `v1/reviews/${review.id}/result?whole=true`, download: "" }, t("saveLater")));
    put(body, h("div", { class: "progressline" }, h("span", { id: "place" }, t("progress", state.at + 1, review.n)), bar, h("span", { class: "quiet" }, review.name)),
      sheet, h("div", { class: "bench" }, keys, small),
      review.useful_first ? h("details", { class: "quiet hint" }, h("summary", {}, t("orderHead")), h("p", {}, t("usefulFirst"))) : null);
    document.documentElement.dataset.review = String(state.at);
  }

  /** One request at a time, so that a fast hand cannot label an ad that it has not seen. */
  async function alone(action, patient = false) {
    if (!review || (busy && !patient)) return;
    busy = busy.then ? busy.then(() => guarded(action)) : guarded(action);
    const mine = busy;
    await mine;
    if (busy === mine) busy = false;
  }

  const guarded = (action) => action().catch((error) => { body.append(failed(error)); });

  const put1 = (place, label) => send("PUT", `v1/reviews/${review.id}/ads/${place}`, { label });

  const answer = (label) => alone(async () => {
    const before = review.labels[state.at];
    review = await put1(state.at, label);
    state.past.push([state.at, before]);
    announce(t(label));
    const next = review.labels.indexOf(null, state.at + 1);
    await show(next < 0 ? (review.labels.includes(null) ? review.labels.indexOf(null) : review.n) : next);
  });

  const skip = () => alone(async () => {
    if (state.at >= review.n) return;
    state.past.push([state.at, review.labels[state.at]]);
    const next = review.labels.indexOf(null, state.at + 1);
    await show(next < 0 ? review.n : next);
  });

  const undo = () => alone(async () => {
    const last = state.past.pop();
    if (!last) return;
    review = await put1(...last);
    await show(last[0]);
  }, true);

  const tint = () => alone(async () => {
    tinted = !tinted;
    const sheet = document.getElementById("ad");
    const shown = () => document.getElementById("tint").setAttribute("aria-pressed", String(tinted));
    if (!tinted) {
      shown();
      put(sheet, heading(ad.title || null), h("div", { class: "adtext" }, ad.text));
      return;
    }
    const { results: [found] } = await send("POST", "v1/classify", { text: ad.text, title: ad.title || null });
    put(sheet, heading(ad.title ? read(ad.title, "title", found) : null), h("div", { class: "adtext" }, read(ad.text, "text", found)));
    shown();
  });

  const compare = (file) => agreement(() => upload(`v1/reviews/${review.id}/second?name=${encodeURIComponent(file.name.slice(-200))}`, file));

  async function agreement(ask) {
    const box = document.getElementById("agreement");
    try {
      const found = await ask();
      const number = (value) => (value === null ? "–" : value.toFixed(2));
      put(box, h("dl", { class: "figures" },
        h("div", {}, h("dt", {}, t("kappa")), h("dd", {}, number(found.kappa), h("small", {}, found.low === null ? "" : ` ${t("interval", number(found.low), number(found.high))}`))),
        h("div", {}, h("dt", {}, t("alike")), h("dd", {}, t.percent(found.share))),
        h("div", {}, h("dt", {}, t("n")), h("dd", {}, t.number(found.n)))),
      found.different.length ? [h("h3", {}, t("different")), h("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": t("different") }, h("table", { class: "shares" },
        h("thead", {}, h("tr", {}, h("th", { scope: "col" }, t("nav_ad")), h("th", { scope: "col" }, t("you")), h("th", { scope: "col" }, t("other2")))),
        h("tbody", {}, found.different.map((one) => h("tr", {}, h("th", { scope: "row", class: "long" }, short(one.title, 70)), h("td", {}, badge(one.first), t(one.first)), h("td", {}, badge(one.second), t(one.second)))))))] : null);
      announce(`${t("kappa")} ${number(found.kappa)}`);
    } catch (error) {
      put(box, failed(error));
    }
  }

  function finish() {
    head.hidden = true;
    const whole = review.done === review.n;
    const counts = Object.values(KEYS).map((label) => [label, review.labels.filter((one) => one === label).length]);
    put(body, h("h1", {}, whole ? t("reviewDone") : t("progress", review.done, review.n)),
      h("dl", { class: "figures" }, counts.map(([label, n]) => h("div", {}, h("dt", {}, badge(label), t(label)), h("dd", {}, t.number(n))))),
      h("div", { class: "actions" },
        h("a", { class: "button first", id: "save", href: `v1/reviews/${review.id}/result`, download: "" }, whole ? t("saveReview") : t("saveLabels")),
        whole ? null : h("a", { class: "button", href: `v1/reviews/${review.id}/result?whole=true`, download: "" }, t("saveLater")),
        h("button", { class: "button", id: "undo", disabled: !state.past.length, onclick: undo }, t("undo")),
        h("button", { class: "plain", id: "leave", onclick: () => { review = null; state.id = null; begin(); } }, t("leave"))),
      h("p", { class: "quiet hint" }, t("saved"), !whole && review.useful_first ? ` ${t("stopped")}` : ""),
      h("h2", { id: "agreementHead" }, t("agreement")), h("p", { class: "lead" }, t("agreementLead")),
      h("div", { class: "actions", id: "colleagues" }), dropZone(t("drop"), compare, { id: "second", small: true }), h("div", { id: "agreement" }));
    related().catch(() => {});
    document.documentElement.dataset.review = "done";
  }

  /** Other annotators of the same sample, and the file that it was drawn from, as far as they are here. */
  async function related() {
    const [{ reviews }, { files }] = await Promise.all([get("v1/reviews"), get("v1/files")]);
    const place = document.getElementById("colleagues"), mine = review;
    if (!place || !mine?.source) return;
    put(place, reviews.filter((one) => one.source === mine.source && one.id !== mine.id && one.done).map((one) =>
      h("button", { class: "button colleague", onclick: () => agreement(() => get(`v1/reviews/${mine.id}/agreement?other=${one.id}`)) }, t("compareWith", one.annotator))));
    const job = files.find((one) => one.digest === mine.source);
    document.getElementById("useLabels")?.remove();
    if (job) document.getElementById("agreementHead").before(h("div", { class: "actions", id: "useLabels" }, h("a", { class: "button", href: `#/file?id=${job.id}` }, t("backToFile", job.name))));
  }

  function pressed(event) {
    if (!review || event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
    if (/^(INPUT|TEXTAREA|SELECT)$/.test(event.target.tagName)) return;
    const key = event.key.toLowerCase();
    if (key === "z") undo();
    else if (state.at >= review.n) return;
    else if (key in KEYS) answer(KEYS[key]);
    else if (key === "s") skip();
    else if (key === "t") tint();
    else return;
    event.preventDefault();
  }

  addEventListener("keydown", pressed);
  if (state.id && !query.has("file")) {
    const place = state.at, past = state.past;
    get(`v1/reviews/${state.id}`).then(async (found) => {
      review = found;
      await show(Math.min(place, found.n));
      state.past = past;
      if (state.at < review.n) draw();
      else finish();
    }).catch(() => { state.id = null; begin(); });
  } else begin();
  return () => { gone = true; removeEventListener("keydown", pressed); };
}
