// The README's pictures: walks the journey once and writes PNG files into docs/images/.

import { mkdir } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

import { Customer } from './customer.mjs';
import { Demo } from './demo.mjs';
import { DESKTOP, launch, PHONE } from './story.mjs';

const FOLDER = fileURLToPath(new URL('../../docs/images/', import.meta.url));

const browser = await launch();
const demo = await Demo.start();
try {
  await mkdir(FOLDER, { recursive: true });
  await picture(await open(DESKTOP, demo.urls.start), 'start');
  await journey();
} finally {
  await browser.close();
  await demo.stop();
}

async function journey() {
  const page = await open(PHONE);
  const customer = new Customer(page, demo);
  await customer.opensTheApp();
  await picture(page, 'app');
  await customer.choosesBankContoh();
  await customer.goesToTheBank();
  await customer.entersUsername();
  await customer.isOn('phrase');
  await picture(page, 'phrase');
  await customer.recognizesThePhrase();
  await customer.entersPassword();
  await customer.isOn('otp');
  await customer.entersCode();
  await customer.isOn('accounts');
  await customer.ticks('Everyday Savings', 'Platinum Card');
  await picture(page, 'accounts');
  await customer.presses('continue');
  await customer.isOn('review');
  await picture(page, 'review');
  await inMalayAndDark(page, 'review-ms');
  await customer.approves();
  await picture(page, 'result');
  await customer.goesBackToTheApp('linked');
  await picture(page, 'balances');
}

async function open(viewport, url = 'about:blank') {
  const context = await browser.newContext({ viewport, locale: 'en-MY', colorScheme: 'light' });
  const page = await context.newPage();
  await page.goto(url);
  return page;
}

async function inMalayAndDark(page, name) {
  await switchLanguage(page, 'ms');
  await page.setViewportSize(DESKTOP);
  await page.emulateMedia({ colorScheme: 'dark' });
  await picture(page, name);
  await page.emulateMedia({ colorScheme: 'light' });
  await page.setViewportSize(PHONE);
  await switchLanguage(page, 'en');
}

async function switchLanguage(page, language) {
  await page.locator(`.language[lang="${language}"]`).click();
  await page.locator(`html[lang="${language}"]`).waitFor({ state: 'attached' });
}

async function picture(page, name) {
  await page.screenshot({ path: `${FOLDER}${name}.png`, fullPage: true });
  console.log(`docs/images/${name}.png`);
}
