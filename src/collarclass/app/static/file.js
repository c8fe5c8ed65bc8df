// A file: handed in, looked at, labelled with progress, taken away again; its shares, corrected on demand.

import { Failed, get, send, upload } from "./api.js";
import { announce, h, put } from "./dom.js";
import { dropZone, size } from "./drop.js";
import { intake } from "./intake.js";
import { pictures } from "./pictures.js";
import { badge, plane } from "./plane.js";
import { results } from "./results.js";
import { t } from "./words.js";

const LABELS = ["white", "blue", "gray", "unclear"];
const STATES = { ready: "ready", waiting: "queued", running: "running", done: "done", failed: "failedJob", cancelled: "cancelled" };
const EVERY = 300;
const state = { id: null, shares: null, view: null };

const time = (seconds) => (seconds < 90 ? t("seconds", Math.ceil(seconds)) : t("minutes", Math.ceil(seconds / 60)));

function progress(job) {
  const rate = job.seconds > 0.3 ? job.rows / job.seconds : 0;
  const left = job.share > 0.01 ? (job.seconds * (1 - job.share)) / job.share : 0;
  const bar = h("progress", { id: "bar", max: "1", "aria-label": t(job.state === "waiting" ? "queued" : "running") });
  if (job.share > 0) bar.value = job.share;
  return h("div", { class: "running" }, h("p", { class: "count" }, t("rowsDone", t.number(job.rows))), bar,
    h("p", { class: "quiet", id: "rate" }, [job.state === "waiting" ? t("queued") : t("running"), job.share ? t.percent(job.share) : "",
      rate ? t("perSecond", t.number(Math.round(rate))) : "", left ? t("left", time(left)) : ""].filter(Boolean).join(" · ")));
}

function sized(name, share) {
  const element = h("span", { class: name });
  element.style.width = `${100 * share}%`;
  return element;
}

function interval(row) {
  const track = h("span", { class: "track", "aria-hidden": "true" }), range = h("span", { class: "range" }), dot = h("span", { class: "dotmark" });
  range.style.left = `${100 * row.low}%`;
  range.style.width = `${100 * (row.high - row.low)}%`;
  dot.style.left = `${100 * row.share}%`;
  track.append(range, dot);
  return track;
}

function shares(job) {
  const total = Math.max(1, job.rows);
  const found = state.shares?.id === job.id ? state.shares.reply : null;
  const corrected = found && found.shares.some((row) => row.n_annotated > 0);
  const of = (label) => found?.shares.find((row) => row.label === label);
  return [
    h("div", { class: "bar tall", "aria-hidden": "true" }, LABELS.map((label) => sized(label, (job.counts[label] ?? 0) / total))),
    h("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": t("shares") }, h("table", { class: "shares", id: "shares" },
      h("thead", {}, h("tr", {}, h("th", { scope: "col" }, t("label")), h("th", { scope: "col", class: "n" }, t("counted")), corrected ? [h("th", { scope: "col", class: "n" }, t("corrected")), h("th", { scope: "col" }, "95 %")] : null)),
      h("tbody", {}, LABELS.map((label) => h("tr", {}, h("th", { scope: "row" }, badge(label), t(label)),
        h("td", { class: "n" }, t.percent((job.counts[label] ?? 0) / total, 1), h("small", {}, ` ${t.number(job.counts[label] ?? 0)}`)),
        corrected && of(label) ? [h("td", { class: "n" }, h("strong", {}, t.percent(of(label).share, 1))),
          h("td", { class: "wide" }, interval(of(label)), h("small", {}, t("interval", t.percent(of(label).low, 1), t.percent(of(label).high, 1))))] : null))))),
    corrected && found.warnings.length ? h("p", { class: "quiet" }, found.warnings.join(t("semicolon"))) : null,
  ];
}

export function view(main, known, query) {
  if (query.has("id")) {
    state.id = query.get("id");
    try { state.view = JSON.parse(query.get("view") ?? "null"); } catch { state.view = null; }
  }
  const below = h("div", { id: "below" });
  let shown = null;
  const body = h("div", { class: "column" });
  const drawing = plane(known), caption = h("figcaption", { class: "quiet" });
  drawing.element.append(caption);
  main.append(h("div", { class: "desk" },
    h("div", { class: "left" }, h("h1", {}, t("fileHead")), h("p", { class: "lead" }, t("fileLead")), body),
    h("div", { class: "right" }, drawing.element)), below);
  let timer = 0, gone = false;

  const failed = (error) => h("p", { class: "error", role: "alert" }, error.status ? error.message : t("down"));
  const forget = () => { [state.id, state.shares, state.view] = [null, null, null]; history.replaceState(null, "", "#/file"); begin(); };

  /** The rows of a labelled file below it; the address holds which of them are shown. */
  function rows(job) {
    const wanted = job?.state === "done" && job.rows ? job.id : null;
    if (shown?.id === wanted && shown) return;
    shown?.close();
    shown = null;
    below.replaceChildren();
    if (!wanted) return;
    const link = (view) => {
      state.view = view;
      const address = new URL(location.href);
      address.hash = `#/file?${new URLSearchParams({ id: job.id, view: JSON.stringify(view) })}`;
      history.replaceState(null, "", address);
      return address.href;
    };
    shown = { id: wanted, ...results(job, state.view, link) };
    below.append(shown.element, pictures(job));
  }

  function begin(error) {
    put(body, dropZone(t("drop"), hand), error ? failed(error) : null, h("section", { id: "earlier" }));
    offerEarlier().catch(() => {});
    rows(null);
    drawing.element.parentElement.hidden = false;
    place(null);
    document.documentElement.dataset.job = "none";
  }

  /** Files that were labelled before, also before the program was started. */
  async function offerEarlier() {
    const { files } = await get("v1/files");
    const place = body.querySelector("#earlier");
    if (gone || !place) return;
    const gone_ = async (some, focus) => {
      await Promise.all(some.map((job) => send("DELETE", `v1/files/${job.id}`).catch(() => {})));
      announce(t("forgotten"));
      await offerEarlier();
      (place.querySelector("button") ?? focus)?.focus();
    };
    const input = body.querySelector("#file");
    put(place, files.length ? [h("h2", {}, t("earlierHead")), h("ul", { class: "earlier" }, files.map((job) => h("li", {},
      h("button", { class: "plain", onclick: () => { state.id = job.id; draw(job); } }, job.name),
      h("small", {}, ` ${job.state === "done" ? t("rowsDone", t.number(job.rows)) : size(job.size)} · ${t(STATES[job.state])} `),
      h("button", { class: "plain", "aria-label": t("forgetOne", job.name), onclick: () => gone_([job], input) }, t("forget"))))),
    h("p", { class: "quiet hint" }, t("earlierNote"), " ", files.length > 1 ? h("button", { class: "plain", id: "forgetAll", onclick: () => gone_(files, input) }, t("forgetAll")) : null)] : null);
  }

  async function hand(file) {
    const bar = h("progress", { max: "1", value: "0", "aria-label": t("sending") });
    put(body, h("p", { class: "count" }, `${t("sending")} ${file.name}`), bar);
    try {
      const job = await upload(`v1/files?name=${encodeURIComponent(file.name.slice(-200))}`, file, (share) => { bar.value = share; });
      [state.id, state.shares, state.view] = [job.id, null, null];
      if (!gone) draw(job);
    } catch (error) {
      if (!gone) begin(error);
    }
  }

  async function act(action) {
    body.querySelector(":scope > .error")?.remove();
    try {
      draw(await action());
    } catch (error) {
      body.append(failed(error));
    }
  }

  const start = (wanted) => {
    [state.shares, state.view] = [null, null];
    return act(() => send("POST", `v1/files/${state.id}/label`, wanted));
  };
  const relay = (layout) => act(() => send("POST", `v1/files/${state.id}/layout`, layout));

  async function remove() {
    await send("DELETE", `v1/files/${state.id}`).catch(() => {});
    forget();
  }

  async function poll() {
    if (gone || !state.id) return;
    try {
      draw(await get(`v1/files/${state.id}`), true);
    } catch (error) {
      if (error.status === 404) { forget(); begin(new Failed(t("fileGone"), 404)); } else put(body, failed(error));
    }
  }

  const correct = (file) => corrected(() => upload(`v1/files/${state.id}/annotations?lang=${t.language()}&name=${encodeURIComponent(file.name.slice(-200))}`, file));

  async function corrected(ask) {
    try {
      const reply = await ask();
      state.shares = { id: state.id, reply };
      rows(null); // pictures show the corrected shares, too
      draw(await get(`v1/files/${state.id}`));
      announce(t("corrected"));
    } catch (error) {
      body.querySelector(".correct").append(failed(error));
    }
  }

  /** Labels that were given by hand to samples of this file, kept from one start of the program to the next. */
  async function offerReviews(job) {
    if (job.state !== "done") return;
    const { reviews } = await get("v1/reviews");
    const place = document.getElementById("reviewed"), own = reviews.filter((one) => one.source === job.digest && one.done);
    if (gone || !place || !own.length) return;
    put(place, h("ul", { class: "earlier" }, own.map((one) => h("li", {}, one.annotator, h("small", {}, ` ${t("progress", one.done, one.n)}`)))),
      h("div", { class: "actions" }, h("button", { class: "button", id: "useReviews", onclick: () => corrected(() => send("POST", `v1/files/${job.id}/reviewed?lang=${t.language()}`)) }, t("useReviews"))));
  }

  /** The ads of a labelled file take the place of the occupations. */
  async function place(job) {
    if (job?.state !== "done") {
      drawing.scatter([]);
      caption.textContent = "";
      return;
    }
    const { academic, hands_on: handsOn, label, of } = await get(`v1/files/${job.id}/points`);
    if (gone || state.id !== job.id) return;
    drawing.scatter(academic.map((score, i) => [score, handsOn[i], label[i]]));
    caption.textContent = t("onPlane", t.number(label.length), t.number(of));
  }

  function draw(job, again = false) {
    if (gone) return;
    clearTimeout(timer);
    document.documentElement.dataset.job = job.state;
    const busy = job.state === "waiting" || job.state === "running";
    if (busy) timer = setTimeout(poll, EVERY);
    if (busy && again && body.querySelector("#cancel")) { // only what moves, so that the keyboard stays where it is
      body.querySelector(".running").replaceWith(progress(job));
      return;
    }
    const head = h("div", { class: "filehead" }, h("h2", { id: "filename" }, job.name), h("span", { class: "quiet" }, `${size(job.size)} · ${t(STATES[job.state])}`));
    const parts = [head];
    if (busy) parts.push(progress(job), h("button", { class: "button", id: "cancel", onclick: () => act(() => send("POST", `v1/files/${job.id}/cancel`)) }, t("cancel")));
    else if (job.state === "done") {
      parts.push(h("p", { class: "count" }, t("rowsDone", t.number(job.rows))),
        job.labelled_by === known.model.model ? null : h("p", { class: "quiet" }, t("otherModel", job.labelled_by, known.model.model)), h("div", { class: "actions" },
        h("a", { class: "button first", id: "download", href: `v1/files/${job.id}/result`, download: job.result }, t("download")),
        h("a", { class: "button", id: "report", href: `v1/files/${job.id}/report?lang=${t.language()}`, download: "" }, t("downloadReport")),
        h("a", { class: "button", href: `#/review?file=${job.id}` }, t("toReview"))),
        h("section", { class: "result" }, h("h2", {}, t("shares")), shares(job)),
        h("section", { class: "correct" }, h("h2", {}, t("correct")), h("p", { class: "lead" }, t("correctLead")), h("div", { id: "reviewed" }), dropZone(t("drop"), correct, { id: "annotations", small: true })));
      announce(`${t("done")}${t("colon")}${t("rowsDone", t.number(job.rows))}`);
    } else {
      if (job.error) parts.push(h("p", { class: "error", role: "alert" }, job.error));
      parts.push(intake(job, known.model.definitions, { again: relay, start }));
    }
    parts.push(h("div", { class: "actions end" }, h("button", { class: "plain", id: "again", onclick: forget }, t("again")),
      h("button", { class: "plain", id: "remove", onclick: remove }, t("remove"))));
    put(body, parts);
    rows(job);
    if (job.annotated && state.shares?.id !== job.id) get(`v1/files/${job.id}/shares?lang=${t.language()}`).then((reply) => {
      state.shares = { id: job.id, reply };
      draw(job);
    }).catch(() => {});
    drawing.element.parentElement.hidden = job.state !== "done"; // a form needs the width
    place(job).catch(() => {});
    offerReviews(job).catch(() => {});
  }

  if (state.id) poll();
  else begin();
  return () => { gone = true; clearTimeout(timer); shown?.close(); drawing.close(); };
}
