// The page without reloading: links and forms fetch a page and swap it in; buttons write by JSON; files are dropped.
"use strict";
const main = () => document.getElementById("main");
let again = 0;

function ask(method, address, body, type, onProgress) {
  return new Promise((done, failed) => {
    const request = new XMLHttpRequest();
    request.open(method, address);
    request.responseType = method === "GET" || type === "page" ? "document" : "json";
    request.setRequestHeader("Accept-Language", document.documentElement.lang);
    if (body !== undefined && !(body instanceof Blob)) {
      request.setRequestHeader("Content-Type", "application/json");
      body = JSON.stringify(body);
    } else if (body) request.setRequestHeader("Content-Type", "application/octet-stream");
    if (onProgress) request.upload.onprogress = onProgress;
    request.onload = () => (request.status < 400 || request.responseType === "document" ? done(request) : failed(new Error(request.response?.detail ?? request.statusText)));
    request.onerror = () => failed(new Error(main().dataset.down));
    request.send(body);
  });
}

function say(message, place) {
  const notice = Object.assign(document.createElement("p"), { className: "notice", textContent: message, role: "alert" });
  notice.setAttribute("role", "alert");
  document.querySelector("[data-said]")?.remove();
  notice.dataset.said = "";
  if (place) place.after(notice);
  else main().prepend(notice);
  notice.scrollIntoView({ block: "nearest" });
}

/** Put a fetched page in the place of this one; the keyboard stays where it was, if that is still there. */
function swap(page, address, { push = true, stay = false } = {}) {
  const found = page.getElementById("main");
  if (!found) { location.href = address; return; }
  const focused = document.activeElement?.name || document.activeElement?.id;
  document.title = page.title;
  document.documentElement.lang = page.documentElement.lang;
  for (const part of ["header.top", "main", "footer"]) document.querySelector(part).replaceWith(page.querySelector(part));
  if (push) history.pushState(null, "", address);
  const hash = new URL(address, location).hash.slice(1);
  if (hash) document.getElementById(hash)?.scrollIntoView();
  else if (!stay) scrollTo(0, 0);
  const here = stay && focused && (document.getElementsByName(focused)[0] ?? document.getElementById(focused));
  (here || main()).focus({ preventScroll: true });
  ready();
}

async function go(address, options = {}) {
  main().setAttribute("aria-busy", "true");
  try {
    const { response, responseURL } = await ask("GET", address);
    const hash = new URL(address, location).hash;
    swap(response, (responseURL || address).split("#")[0] + hash, options);
  } catch (error) {
    main().removeAttribute("aria-busy");
    say(error.message);
  }
}
const same = (address) => new URL(address, location).pathname === location.pathname;
const reload = () => go(location.href, { push: false, stay: true });

function fields(form) {
  const out = {};
  for (const input of form?.elements ?? []) if (input.name) out[input.name] = "number" in input.dataset ? Number(input.value) : input.value;
  return out;
}

async function send(element, body, method = element.dataset.method ?? (element.dataset.put ? "PUT" : "POST")) {
  element.setAttribute("aria-busy", "true");
  try {
    const { response } = await ask(method, element.dataset.send, body);
    const to = element.dataset.to?.replace("{id}", response?.id ?? "");
    if (to) await go(to);
    else await reload();
  } catch (error) {
    element.removeAttribute("aria-busy");
    say(error.message, element.closest("p, form"));
  }
}

async function hand(drop, files) {
  const status = drop.querySelector(".status");
  const form = drop.closest("form[data-fields]");
  if (form && !form.reportValidity()) return;
  let target = drop.dataset.drop;
  let id = null;
  const root = document.querySelector(".wordmark").getAttribute("href").replace(/\/$/, "");
  try {
    for (const [i, file] of [...files].entries()) {
      let address = root + target + encodeURIComponent(file.name);
      if (form) for (const [name, value] of Object.entries(fields(form))) address += `&${name}=${encodeURIComponent(value)}`;
      const { response } = await ask("POST", address, file, "json", (event) => { status.textContent = `${drop.dataset.busy} ${Math.round((100 * event.loaded) / (event.total || 1))}%`; });
      if (i === 0) id = response.id;
      if (target === "/v1/files?name=") target = `/v1/files/${id}/more?name=`;
    }
    if (drop.dataset.more) await reload();
    else await go(`${root}/${form ? "r" : "p"}/${id}`);
  } catch (error) {
    status.textContent = "";
    say(error.message, drop);
  }
}

document.addEventListener("click", (event) => {
  const link = event.target.closest("a[href]");
  if (link && !event.defaultPrevented && event.button === 0 && !(event.metaKey || event.ctrlKey || event.shiftKey || event.altKey)
      && !link.hasAttribute("download") && !link.hasAttribute("target") && new URL(link.href.baseVal ?? link.href, location).origin === location.origin) {
    const address = link.href.baseVal ?? link.href;
    if (link.getAttribute("href")?.startsWith("#")) return;
    event.preventDefault();
    go(address, { stay: same(address) });
    return;
  }
  const button = event.target.closest("button[data-send]");
  if (button) {
    event.preventDefault();
    const form = button.dataset.form ? document.getElementById(button.dataset.form) : null;
    const body = button.dataset.body ? { ...JSON.parse(button.dataset.body), ...fields(form) } : undefined;
    send(button, body ?? (button.dataset.method === "DELETE" ? undefined : {}));
  }
});
document.addEventListener("submit", (event) => {
  const form = event.target;
  event.preventDefault();
  if (form.dataset.send) { send(form, fields(form)); return; }
  if (form.dataset.fields !== undefined) return;
  const query = new URLSearchParams([...new FormData(form)].filter(([, value]) => value !== ""));
  if (form.dataset.post && query.toString().length > 3000) {
    ask("POST", form.dataset.post, fields(form), "page").then(({ response }) => swap(response, form.action)).catch((error) => say(error.message));
  } else go(`${form.action.split("?")[0]}?${query}`, { stay: true });
});
document.addEventListener("change", (event) => {
  const input = event.target;
  if (input.dataset.go !== undefined) {
    // Also fields without a choice stand in the address, where the page would else choose for itself.
    const query = new URLSearchParams(new FormData(input.form));
    go(`${input.form.action.split("?")[0]}?${query}`, { stay: true });
  } else if (input.dataset.put) {
    input.dataset.send = input.dataset.put;
    input.dataset.to = location.pathname + (new URLSearchParams(location.search).has("columns") ? "?columns=1" : "");
    const body = { [input.dataset.field]: "number" in input.dataset ? Number(input.value) : input.value };
    const sheet = document.querySelector("select[data-field=sheet]");
    if (sheet && input.dataset.field !== "sheet") body.sheet = sheet.value;
    send(input, body, "POST");
  } else if (input.type === "file") hand(input.closest("[data-drop]"), input.files);
});
for (const name of ["dragover", "drop"]) document.addEventListener(name, (event) => {
  const drop = event.target.closest?.("[data-drop]") ?? document.querySelector(".drop");
  if (!drop || ![...(event.dataTransfer?.types ?? [])].includes("Files")) return;
  event.preventDefault();
  drop.classList.toggle("over", name === "dragover");
  if (name === "drop") hand(drop, event.dataTransfer.files);
});
document.addEventListener("paste", (event) => {
  const drop = document.querySelector('.drop[data-drop="/v1/files?name="]');
  const text = event.clipboardData?.getData("text/plain") ?? "";
  if (!drop || event.target.closest("input, textarea") || !text.includes("\n")) return;
  hand(drop, [new File([text], text.split("\n")[0].includes("\t") ? "pasted.tsv" : "pasted.csv")]);
});
document.addEventListener("keydown", (event) => {
  if (event.target.closest("input, textarea, select") || event.metaKey || event.ctrlKey || event.altKey) return;
  const found = document.querySelector(`[data-key="${CSS.escape(event.key.length === 1 ? event.key.toLowerCase() : event.key)}"]`);
  if (found && !main().querySelector("[aria-busy]")) { event.preventDefault(); found.click(); }
});
addEventListener("popstate", () => go(location.href, { push: false }));
function ready() {
  clearTimeout(again);
  const wait = document.querySelector("[data-again]")?.dataset.again;
  if (wait) again = setTimeout(() => go(location.href, { push: false, stay: true }), Number(wait));
  document.documentElement.dataset.ready = String(Number(document.documentElement.dataset.ready ?? 0) + 1);
}
ready();
