// The consent stands, but the bank cannot give the data: the app says so, account by account, and shows no figure.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { withBrowser } from './story.mjs';

const story = withBrowser();

test('accounts without data show a reason in place of a balance', async (t) => {
  const { customer, page } = await story(t, { username: 'weiming' });

  await customer.startsLinking();
  await customer.signsIn();
  await customer.choosesAccounts('Savings', 'Daily Current');
  await customer.approves();
  await customer.goesBackToTheApp('linked');

  assert.equal(await page.locator('article.account').count(), 2);
  assert.equal(await page.locator('.balance').count(), 0);
  assert.deepEqual(await page.locator('[role="alert"]').allInnerTexts(), [
    'The bank does not share this account with us any more.',
    'The bank cannot show this account right now. Please try again later.',
  ]);
  assert.doesNotMatch(await customer.reads(), /RM/);
});
