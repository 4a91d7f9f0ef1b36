// The smallest screen WCAG 2.2 asks for (1.4.10: 320 CSS pixels), in both languages.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { NARROWEST, PHONE, withBrowser } from './story.mjs';

const story = withBrowser();
const window = { viewport: NARROWEST };

test('no screen needs sideways scrolling', async (t) => {
  const { customer, demo, page, watch } = await story(t, window);
  watch.expects(422);
  customer.looksAt = assertFits;

  await page.goto(demo.urls.start);
  await assertFits(page);
  await customer.startsLinking();
  await customer.presses('continue');
  await page.locator('.error-summary').waitFor();
  await assertFits(page);
  await customer.signsIn();
  await customer.choosesAccounts('Everyday Savings', 'Household Current', 'Platinum Card');
  for (const more of await page.locator('summary').all()) await more.click();
  await assertFits(page);
  await customer.approves();
  await customer.goesBackToTheApp('linked');
});

test('text at twice the size still fits a phone (1.4.4)', async (t) => {
  const { customer, page } = await story(t, { viewport: PHONE });
  customer.looksAt = async () => {
    await page.evaluate(() => {
      document.documentElement.style.fontSize = '200%';
    });
    await assertFits(page);
  };

  await customer.startsLinking();
  await customer.signsIn();
  await customer.choosesAccounts('Platinum Card');
  await customer.approves();
  await customer.goesBackToTheApp('linked');
});

test('in Bahasa Malaysia the journey stays where it was and can be finished', async (t) => {
  const { customer, page } = await story(t, window);
  customer.looksAt = assertFits;

  await customer.startsLinking();
  await customer.entersUsername();
  await customer.isOn('phrase');
  await switchesTo(page, 'ms');
  await customer.isOn('phrase');
  assert.match(await customer.heading(), /frasa keselamatan/);
  await customer.recognizesThePhrase();
  await customer.entersPassword();
  await customer.isOn('otp');
  await customer.entersCode();
  await customer.isOn('accounts');
  assert.match(await customer.reads(), /Akaun simpanan[\s\S]*Akaun bersama belum boleh dikongsi/);
  await customer.choosesAccounts('Everyday Savings');

  await switchesTo(page, 'en');
  await customer.isOn('review');
  assert.match(await customer.heading(), /Check what you are sharing/);
  await switchesTo(page, 'ms');
  await customer.isOn('review');
  assert.match(await customer.reads(), /Everyday Savings[\s\S]*waktu Malaysia/);
  await customer.approves();
  assert.match(await customer.heading(), /Anda kini berkongsi dengan Kira Budget/);
  await customer.goesBackToTheApp('linked');
  assert.equal(await page.locator('.balance').innerText(), 'RM 5,123.45');
});

test('a browser that prefers Malay is answered in Malay', async (t) => {
  const { customer, page } = await story(t, { ...window, locale: 'ms-MY' });

  await customer.startsLinking();
  assert.equal(await page.locator('html').getAttribute('lang'), 'ms');
  assert.match(await page.title(), /^Log masuk ke Bank Contoh/);
});

async function switchesTo(page, language) {
  await page.locator(`.language[lang="${language}"]`).click();
  await page.locator(`html[lang="${language}"]`).waitFor({ state: 'attached' });
}

async function assertFits(page) {
  const { screen, needed, available } = await page.evaluate(() => ({
    screen: `${document.body.dataset.screen} (${document.documentElement.lang})`,
    needed: document.documentElement.scrollWidth,
    available: document.documentElement.clientWidth,
  }));
  assert.ok(needed <= available, `${screen} is ${needed} px wide on a screen of ${available}`);
}
