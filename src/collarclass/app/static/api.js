// Requests to the server that sent this page, which says what is wrong in the language of the page.

import { t } from "./words.js";

const speaking = () => ({ "accept-language": t.language() });

export class Failed extends Error {
  constructor(detail, status) {
    super(detail);
    this.status = status;
  }
}

async function answer(response) {
  if (response.ok) return response;
  let detail = response.statusText;
  try {
    detail = (await response.json()).detail ?? detail;
  } catch { /* not a problem document */ }
  throw new Failed(detail, response.status);
}

export async function get(path, signal) {
  return (await answer(await fetch(path, { signal, headers: speaking() }))).json();
}

export async function send(method, path, body, signal) {
  const headers = { ...speaking(), ...(body === undefined ? {} : { "content-type": "application/json" }) };
  const text = body === undefined ? undefined : JSON.stringify(body);
  const response = await answer(await fetch(path, { method, headers, body: text, signal }));
  return response.status === 204 ? null : response.json();
}

/** Send a file's bytes, with its share of the way as it goes. */
export function upload(path, file, onShare) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("POST", path);
    request.setRequestHeader("content-type", "application/octet-stream");
    request.setRequestHeader("accept-language", t.language());
    request.responseType = "json";
    request.upload.onprogress = (event) => event.lengthComputable && onShare?.(event.loaded / event.total);
    request.onload = () => request.status < 300
      ? resolve(request.response)
      : reject(new Failed(request.response?.detail ?? request.statusText, request.status));
    request.onerror = () => reject(new Failed("", 0));
    request.send(file);
  });
}

let shared;

/** The model and the occupations, asked for once. */
export function basics() {
  shared ??= Promise.all([get("v1/model"), get("v1/occupations")])
    .then(([model, table]) => ({ model, occupations: table.occupations }));
  return shared;
}
