// A tester at the operations listener: reads identifiers off one page and uses them in Swagger UI.

import assert from 'node:assert/strict';

export class Tester {
  constructor(page, demo) {
    this.page = page;
    this.ops = demo.urls.ops;
  }

  /** Of the newest consent in a state. */
  async findsIdentifiers(status = 'authorized') {
    await this.page.goto(`${this.ops}/try`);
    const row = this.page.locator(`[data-status="${status}"]`).first();
    const consent = await row.getAttribute('data-consent');
    const accounts = await row.locator('[data-account]').allInnerTexts();
    return { consent, account: accounts[0] };
  }

  async opensTheDocument() {
    await this.page.goto(`${this.ops}/docs`);
    await this.page.getByRole('link', { name: 'Open Finance Platform for Data Providers' }).click();
    await this.page.locator('.opblock').first().waitFor();
  }

  /** "Try it out", "Execute", and the answer's body. */
  async triesOut(operation, parameters) {
    const block = this.page.locator(`.opblock[id$="-${operation}"]`);
    await block.locator('.opblock-summary-control').click();
    await block.getByRole('button', { name: 'Try it out' }).click();
    for (const [name, value] of Object.entries(parameters)) {
      await block.locator(`tr[data-param-name="${name}"] input`).fill(value);
    }
    await block.getByRole('button', { name: 'Execute' }).click();
    const answer = block.locator('.live-responses-table .response-col_description pre').first();
    await answer.waitFor();
    const text = await answer.innerText();
    assert.doesNotMatch(text, /Failed to fetch/, text);
    return JSON.parse(text);
  }
}
