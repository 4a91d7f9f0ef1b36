// One story: a demo, a browser window of its own, a customer in front of it, and a watch over all of it.

import { after, before } from 'node:test';

import { chromium } from 'playwright-core';

import { Customer } from './customer.mjs';
import { Demo } from './demo.mjs';
import { Watch } from './watch.mjs';

const STEP_LIMIT = 15_000;

const LAUNCH = {
  executablePath: process.env.CHROMIUM_BIN ?? '/usr/bin/chromium',
  headless: true,
  args: [
    '--no-sandbox',
    '--disable-gpu',
    '--disable-quic',
    '--no-first-run',
    '--disable-background-networking',
    '--disable-component-update',
    '--disable-sync',
  ],
};

export const PHONE = { width: 390, height: 844 };
export const NARROWEST = { width: 320, height: 640 };
export const DESKTOP = { width: 1280, height: 900 };

export function launch() {
  return chromium.launch(LAUNCH);
}

/** Call once per file: the stories in it share a browser, and nothing in it. */
export function withBrowser() {
  let browser;
  before(async () => {
    browser = await launch();
  });
  after(() => browser?.close());

  /** `window` are the settings of the browser window (size, language, with or without JavaScript). */
  return async function story(t, { username, ...window } = {}) {
    const demo = await Demo.start();
    const context = await browser.newContext({ locale: 'en-MY', viewport: PHONE, ...window });
    context.setDefaultTimeout(STEP_LIMIT);
    const watch = new Watch(context, demo.urls.bank);
    t.after(async () => {
      try {
        await watch.assertNothingToComplainOf();
      } finally {
        await context.close();
        await demo.stop();
      }
    });
    const page = await context.newPage();
    return { demo, context, page, watch, customer: new Customer(page, demo, username) };
  };
}
