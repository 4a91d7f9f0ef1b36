// A customer does not share. Whatever the way to that, nothing is shared, the app hears of it, and nobody is blamed.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { withBrowser } from './story.mjs';

const story = withBrowser();

test('who rejects at the review comes back to "Account not linked"', async (t) => {
  const { customer } = await story(t);

  await customer.startsLinking();
  await customer.signsIn();
  await customer.choosesAccounts('Everyday Savings');
  await customer.presses('reject');
  await assertNothingShared(customer);
});

const steps = {
  username: () => {},
  phrase: (customer) => customer.entersUsername(),
  password: async (customer) => {
    await customer.entersUsername();
    await customer.recognizesThePhrase();
  },
  otp: async (customer) => {
    await steps.password(customer);
    await customer.entersPassword();
  },
  accounts: (customer) => customer.signsIn(),
  review: async (customer) => {
    await customer.signsIn();
    await customer.choosesAccounts('Savings');
  },
};

test('every step can be cancelled', async (t) => {
  const { customer } = await story(t);

  for (const [screen, walksThere] of Object.entries(steps)) {
    await t.test(`at the ${screen}`, async () => {
      // A code works once for each customer, so the last step takes another one.
      customer.username = screen === 'review' ? 'weiming' : 'paynet';
      await customer.startsLinking();
      await walksThere(customer);
      await customer.isOn(screen);
      await customer.presses('cancel');
      await assertNothingShared(customer);
    });
  }
});

test('a customer without an account that can be shared is told so, and goes back', async (t) => {
  const { customer, page } = await story(t, { username: 'aminah' });

  await customer.startsLinking();
  await customer.signsIn();
  assert.match(await customer.heading(), /None of your accounts can be shared/);
  assert.equal(await page.locator('input:enabled:not([type="hidden"])').count(), 0);
  assert.equal(await page.locator('button[value="continue"]').count(), 0);
  const explained = await customer.reads();
  assert.match(explained, /dormant[\s\S]*Business accounts[\s\S]*under 18/);
  assert.match(explained, /Savings Plus[\s\S]*cannot be shared at the moment/, 'a reason that may not be told stays neutral');
  await page.getByRole('button', { name: 'Go back to Kira Budget' }).click();
  await customer.isOn('not-linked');
  assert.match(await customer.reads(), /found no account that can be shared/);
});

async function assertNothingShared(customer) {
  await customer.seesOutcome('rejected');
  assert.match(await customer.heading(), /Nothing has been shared/);
  await customer.goesBackToTheApp('not-linked');
  assert.equal(await customer.heading(), 'Account not linked');
  assert.match(await customer.reads(), /You chose not to share/);
  await customer.page.goto(`${customer.demo.consumer()}/linked`);
  await customer.isOn('link');
}
