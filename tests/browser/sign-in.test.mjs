// Signing in goes wrong, and the customer finds the way on. The request stays open all the while (L6).

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { withBrowser } from './story.mjs';

const story = withBrowser();

const CORRECTION = 422;
const LOCKED = 429;

test('after a wrong password and a wrong code the customer can still share', async (t) => {
  const { customer, page, watch } = await story(t);
  watch.expects(CORRECTION);

  await customer.startsLinking();
  await customer.presses('continue');
  await assertCorrection(customer, 'username', /Enter your username/);
  await customer.entersUsername();
  await customer.recognizesThePhrase();
  await customer.entersPassword('paynot');
  await assertCorrection(customer, 'password', /username or password is not correct/);
  assert.equal(await page.locator('[name="password"]').inputValue(), '', 'a password never comes back');
  await customer.entersPassword();

  await customer.isOn('otp');
  const code = await customer.readsCode();
  await customer.entersCode(differentFrom(code));
  await assertCorrection(customer, 'otp', /code is not correct/);
  await customer.entersCode(code);

  await customer.isOn('accounts');
  await customer.presses('continue');
  await assertCorrection(customer, 'account-', /Choose at least one account/);
  await customer.choosesAccounts('Everyday Savings');
  await customer.approves();
  await customer.goesBackToTheApp('linked');
});

test('five wrong passwords pause the sign-in, also for the right one', async (t) => {
  const { customer, page, watch } = await story(t);
  watch.expects(CORRECTION, LOCKED);

  await customer.startsLinking();
  await customer.entersUsername();
  await customer.recognizesThePhrase();
  for (let attempt = 1; attempt < 5; attempt += 1) {
    await customer.entersPassword(`guess ${attempt}`);
    await assertCorrection(customer, 'password', /username or password is not correct/);
  }
  await customer.entersPassword('guess 5');
  await assertPaused(customer);

  await page.getByRole('link', { name: 'Try again' }).click();
  await customer.isOn('username');
  await customer.entersUsername();
  await customer.recognizesThePhrase();
  await customer.entersPassword();
  await assertPaused(customer);

  // Another person at the same browser is not held up by it.
  await page.getByRole('link', { name: 'Try again' }).click();
  customer.username = 'weiming';
  await customer.signsIn();
});

test('an unknown name looks like any other: the same phrase each time, the same words (L2)', async (t) => {
  const { customer, page, watch } = await story(t, { username: 'nobody' });
  watch.expects(CORRECTION);

  await customer.startsLinking();
  const phrases = [];
  for (let visit = 0; visit < 2; visit += 1) {
    await customer.entersUsername();
    await customer.isOn('phrase');
    phrases.push(await page.locator('.phrase-words').innerText());
    await page.getByRole('link', { name: 'Use a different username' }).click();
    await customer.isOn('username');
  }
  assert.equal(phrases[0], phrases[1]);
  await customer.entersUsername();
  await customer.recognizesThePhrase();
  await customer.entersPassword('nobody');
  await assertCorrection(customer, 'password', /username or password is not correct/);
});

/** U7: said in the title, in a summary that has the focus and leads to the field, and at the field. */
async function assertCorrection({ page }, field, words) {
  const summary = page.locator('.error-summary');
  await summary.waitFor();
  assert.match(await page.title(), /^Error: /);
  assert.match(await summary.innerText(), words);
  assert.ok(await summary.evaluate((element) => element === document.activeElement), 'the summary has the focus');
  const target = await summary.locator('a').getAttribute('href');
  assert.ok(target.startsWith(`#${field}`), `${target} leads to the field`);
  assert.equal(await page.locator(target).count(), 1);
  assert.match(await page.locator('.field-error').innerText(), words);
}

async function assertPaused(customer) {
  await customer.isOn('error');
  assert.match(await customer.heading(), /Sign-in is paused/);
  assert.match(await customer.reads(), /Nothing has been shared[\s\S]*contact Bank Contoh/);
}

function differentFrom(code) {
  return String((Number(code) + 1) % 1_000_000).padStart(6, '0');
}
