// A person at a browser, told in the verbs of the journey. Buttons and fields are found by the names the pages
// promise to keep (`action`, `username`, `account_id`, `data-screen`), so that a story reads the same in both languages.

import assert from 'node:assert/strict';

export class Customer {
  constructor(page, demo, username = 'paynet') {
    this.page = page;
    this.demo = demo;
    this.username = username;
    /** Called on every screen the customer comes to. */
    this.looksAt = async () => {};
  }

  // At the consumer

  async opensTheApp(consumer = 'kira-budget') {
    await this.page.goto(this.demo.consumer(consumer));
    await this.isOn('link');
  }

  async choosesBankContoh() {
    await this.page.locator('[data-action="link"]').click();
    await this.isOn('providers');
    await this.page.locator('[data-provider="bank-contoh"] a').click();
    await this.isOn('consent');
  }

  /** From the consumer's own review, over PayNet, to our first screen. */
  async goesToTheBank() {
    await this.presses('continue');
    await this.isOn('username');
  }

  async startsLinking(consumer) {
    await this.opensTheApp(consumer);
    await this.choosesBankContoh();
    await this.goesToTheBank();
  }

  // At the bank

  async entersUsername(username = this.username) {
    await this.page.locator('[name="username"]').fill(username);
    await this.presses('continue');
  }

  async recognizesThePhrase() {
    await this.isOn('phrase');
    await this.presses('continue');
    await this.isOn('password');
  }

  async entersPassword(password = this.username) {
    await this.page.locator('[name="password"]').fill(password);
    await this.presses('continue');
  }

  async entersCode(code) {
    await this.page.locator('[name="otp"]').fill(code ?? (await this.readsCode()));
    await this.presses('continue');
  }

  async signsIn() {
    await this.entersUsername();
    await this.recognizesThePhrase();
    await this.entersPassword();
    await this.isOn('otp');
    await this.entersCode();
    await this.isOn('accounts');
  }

  async ticks(...names) {
    for (const name of names) await this.page.getByLabel(name).check();
  }

  async choosesAccounts(...names) {
    await this.ticks(...names);
    await this.presses('continue');
    await this.isOn('review');
  }

  async approves() {
    await this.presses('approve');
    await this.seesOutcome('approved');
  }

  /** PayNet's answer may take a moment, during which the page says that it is finishing and looks again by itself. */
  async seesOutcome(outcome) {
    await this.page.locator(`body[data-screen="result"][data-outcome="${outcome}"]`).waitFor({ state: 'attached' });
    await this.looksAt(this.page);
  }

  async goesBackToTheApp(screen) {
    await this.presses('return');
    await this.isOn(screen);
  }

  // Anywhere

  async presses(action) {
    await this.page.locator(`button[name="action"][value="${action}"]`).click();
  }

  /** Waits for a screen; if another one stays instead, the failure says which and what it shows. */
  async isOn(screen) {
    try {
      await this.page.locator(`body[data-screen="${screen}"]`).waitFor({ state: 'attached' });
    } catch {
      const actual = await this.page.locator('body').getAttribute('data-screen');
      const text = await this.page.locator('main').innerText();
      assert.fail(`expected the screen ${screen}, but it is ${actual} at ${this.page.url()}:\n${text}`);
    }
    await this.looksAt(this.page);
  }

  async heading() {
    return this.page.locator('h1').innerText();
  }

  async reads() {
    return this.page.locator('main').innerText();
  }

  // The authenticator app of the demo is its start page.

  async readsCode() {
    const code = await this.#looksAtTheStartPage();
    await this.page.bringToFront();
    return code;
  }

  /** The start page reloads itself every few seconds; each time it is looked at again. */
  async waitsForNextCode(used) {
    let code = await this.#looksAtTheStartPage();
    while (code === used) {
      await this.start.waitForEvent('load', { timeout: 20_000 });
      code = await this.#codeShown();
    }
    await this.page.bringToFront();
    return code;
  }

  async #looksAtTheStartPage() {
    this.start ??= await this.page.context().newPage();
    await this.start.bringToFront();
    await this.start.goto(this.demo.urls.start);
    return this.#codeShown();
  }

  async #codeShown() {
    return (await this.start.locator('[data-code]').innerText()).trim();
  }
}
