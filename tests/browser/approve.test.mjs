// A customer shares accounts, and the consumer shows what it decrypted.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { withBrowser } from './story.mjs';

const story = withBrowser();

test('from the app to the bank and back, and the app shows the balances', async (t) => {
  const { customer, page } = await story(t);

  await customer.opensTheApp();
  await page.locator('[data-action="link"]').click();
  await customer.isOn('providers');
  const offline = page.locator('[data-provider="bank-lain"]');
  assert.equal(await offline.getAttribute('data-status'), 'offline');
  assert.equal(await offline.locator('a, button').count(), 0, 'a bank that is offline cannot be chosen');
  await page.locator('[data-provider="bank-contoh"] a').click();

  await customer.isOn('consent');
  const asked = await customer.reads();
  for (const words of ['Bank Contoh', 'Account details', 'Balances', 'Transactions']) assert.ok(asked.includes(words));
  await customer.goesToTheBank();

  assert.equal(await page.locator('[type="password"]').count(), 0, 'no password box before the phrase (L1)');
  assert.match(await page.locator('header').innerText(), /Kira Budget asks for your information through PayNet/);
  await customer.entersUsername();
  await customer.isOn('phrase');
  assert.equal(await page.locator('.phrase-words').innerText(), 'three yellow bicycles');
  assert.equal(await page.locator('[type="password"]').count(), 0, 'no password box before the phrase is acknowledged (L1)');
  await customer.recognizesThePhrase();
  await customer.entersPassword();
  await customer.isOn('otp');
  await customer.entersCode();

  await customer.isOn('accounts');
  assert.equal(await page.locator('[name="account_id"]:checked').count(), 0, 'nothing is ticked beforehand (A1)');
  await assertBarred(page, 'Old Savings', /dormant/);
  await assertBarred(page, 'Family Joint Savings', /Joint accounts cannot be shared/);
  assert.doesNotMatch(await customer.reads(), /7001234567|5,?123\.45/, 'no full number and no balance here (A3, A4)');
  await customer.choosesAccounts('Everyday Savings', 'Platinum Card');

  const review = await customer.reads();
  for (const words of ['Kira Budget', 'Everyday Savings', 'Platinum Card', 'Balances', 'Transactions', 'Malaysian time']) {
    assert.ok(review.includes(words), `the review names ${words} (R1–R3)`);
  }
  assert.ok(!review.includes('Household Current'), 'what was not ticked is not in the review');
  await customer.approves();
  assert.match(await customer.heading(), /now sharing with Kira Budget/);

  await customer.goesBackToTheApp('linked');
  assert.deepEqual(await balances(page), {
    'Everyday Savings': 'RM 5,123.45',
    'Platinum Card': '−RM 1,320.99',
  });
  assert.match(await customer.reads(), /Available RM 8,679\.01/);
});

test('without JavaScript the journey is the same', async (t) => {
  const { customer, page } = await story(t, { javaScriptEnabled: false });

  await customer.startsLinking();
  await customer.signsIn();
  await customer.choosesAccounts('Household Current');
  await customer.approves();
  await customer.goesBackToTheApp('linked');
  assert.deepEqual(await balances(page), { 'Household Current': 'RM 890.10' });
});

test('the other app asks for another purpose', async (t) => {
  const { customer, page } = await story(t);

  await customer.startsLinking('pinjam-pantas');
  await customer.signsIn();
  await customer.choosesAccounts('Everyday Savings');
  assert.match(await customer.reads(), /Pinjam Pantas[\s\S]*Credit assessment/);
  await customer.approves();
  await customer.goesBackToTheApp('linked');
  assert.deepEqual(await balances(page), { 'Everyday Savings': 'RM 5,123.45' });
});

test('what is owed and what is owned can be told apart', async (t) => {
  const { customer, page } = await story(t, { username: 'kavitha' });

  await customer.startsLinking();
  await customer.signsIn();
  await customer.choosesAccounts('Home Financing', 'Wallet');
  await customer.approves();
  await customer.goesBackToTheApp('linked');
  assert.deepEqual(await balances(page), { 'Home Financing': '−RM 284,500.00', Wallet: 'RM 125.75' });
});

test('the browser follows the way back over three origins, which no form-action may block', async (t) => {
  const { customer, demo, page } = await story(t);

  await customer.startsLinking();
  await customer.signsIn();
  await customer.choosesAccounts('Everyday Savings');
  await customer.approves();
  const arrival = page.waitForResponse((response) => response.url() === `${demo.consumer()}/linked`);
  await customer.goesBackToTheApp('linked');
  const origins = wayOf(await arrival).map((url) => url.origin);
  assert.deepEqual(origins, [demo.urls.bank, demo.urls.paynet, demo.consumer(), demo.consumer()]);
});

test('Back and a second submit after the approval show the settled result; it was decided once', async (t) => {
  const { context, customer, demo, page } = await story(t);

  await customer.startsLinking();
  await customer.signsIn();
  await customer.choosesAccounts('Everyday Savings');
  const secondTab = await context.newPage();
  await secondTab.goto(page.url());
  const staleTab = await context.newPage();
  await staleTab.goto(page.url());
  const submit = (tab) => tab.locator('button[value="approve"]').click();
  await Promise.all([submit(page), submit(secondTab)]);
  await customer.seesOutcome('approved');
  const reference = await page.locator('dd.reference').innerText();
  await secondTab.locator('body[data-outcome="approved"]').waitFor({ state: 'attached' });
  assert.equal(await secondTab.locator('dd.reference').innerText(), reference);

  // The review that is still open elsewhere can neither approve again nor take it back.
  await staleTab.locator('button[value="reject"]').click();
  await staleTab.locator('body[data-outcome="approved"]').waitFor({ state: 'attached' });

  await page.goBack();
  await customer.seesOutcome('approved');
  await page.reload();
  await customer.seesOutcome('approved');
  assert.equal(await page.locator('button[value="approve"]').count(), 0);

  await customer.goesBackToTheApp('linked');
  assert.equal(await page.locator('[data-consent]').count(), 1);
  assert.deepEqual(await balances(page), { 'Everyday Savings': 'RM 5,123.45' });
  await page.goto(`${demo.urls.bank}/consent`);
  await customer.seesOutcome('approved');
});

async function assertBarred(page, name, reason) {
  const row = page.locator('.account-unavailable', { hasText: name });
  assert.ok(await row.locator('input').isDisabled(), `${name} cannot be ticked (A2)`);
  assert.match(await row.innerText(), reason);
}

/** Account name to balance, as the consumer shows them. */
async function balances(page) {
  const shown = {};
  for (const card of await page.locator('article.account').all()) {
    shown[await card.locator('.account-name').innerText()] = await card.locator('.balance').innerText();
  }
  return shown;
}

/** The addresses of a redirect chain, from where it started. */
function wayOf(response) {
  const way = [];
  for (let request = response.request(); request; request = request.redirectedFrom()) way.unshift(new URL(request.url()));
  return way;
}
