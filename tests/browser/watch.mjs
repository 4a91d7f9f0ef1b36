// What must hold on every page of every story, whatever it is about: nothing is blocked, nothing fails in the
// console, nobody but this machine is asked for anything, and no address with a secret travels as Referer.

import assert from 'node:assert/strict';

/** Addresses of the journey carry these in their query. */
const SECRETS = /consent_id|signature|request_uri|code=|state=/;

/** Chromium notes each answer of 400 and above; a story that provokes one says which. */
const STATUS_NOTE = /the server responded with a status of (\d+)/;

export class Watch {
  #complaints = [];
  #headers = [];
  #expectedStatuses = new Set();

  constructor(context, bankOrigin) {
    this.bankOrigin = bankOrigin;
    context.on('console', (message) => this.#console(message));
    context.on('weberror', (error) => this.#complain(`script error: ${error.error().message}`));
    context.on('request', (request) => this.#request(request));
    context.on('response', (response) => this.#response(response));
  }

  /** The story itself leads to such an answer. */
  expects(...statuses) {
    for (const status of statuses) this.#expectedStatuses.add(String(status));
  }

  async assertNothingToComplainOf() {
    await Promise.all(this.#headers);
    assert.deepEqual(this.#complaints, []);
  }

  #complain(what) {
    this.#complaints.push(what);
  }

  #console(message) {
    if (!['error', 'warning'].includes(message.type())) return;
    const status = STATUS_NOTE.exec(message.text())?.[1];
    if (status && this.#expectedStatuses.has(status)) return;
    this.#complain(`console: ${message.text()} at ${message.location().url}`);
  }

  #request(request) {
    const { hostname, protocol } = new URL(request.url());
    if (protocol !== 'http:' || hostname !== '127.0.0.1') this.#complain(`asked for ${request.url()}`);
    this.#later(request.allHeaders(), ({ referer = '' }) => {
      if (SECRETS.test(referer)) this.#complain(`Referer ${referer} sent to ${request.url()}`);
    });
  }

  #response(response) {
    if (!response.url().startsWith(`${this.bankOrigin}/`)) return;
    this.#later(response.allHeaders(), (headers) => {
      const isPage = headers['content-type']?.startsWith('text/html');
      if (isPage) this.#page(response.url(), headers);
    });
  }

  /** The bank's pages are never cached, framed, or open to foreign content. */
  #page(url, headers) {
    const expected = {
      'cache-control': /no-store/,
      'content-security-policy': /default-src 'none'.*frame-ancestors 'none'/,
      'referrer-policy': /^no-referrer$/,
      'x-content-type-options': /^nosniff$/,
    };
    for (const [name, pattern] of Object.entries(expected)) {
      if (!pattern.test(headers[name] ?? '')) this.#complain(`${url} has ${name}: ${headers[name]}`);
    }
    if (/unsafe-inline|unsafe-eval/.test(headers['content-security-policy'])) {
      this.#complain(`${url} allows inline content`);
    }
  }

  /** Headers arrive a little after the event, and never for a page that is closed meanwhile. */
  #later(headers, look) {
    this.#headers.push(headers.then(look, () => {}));
  }
}
