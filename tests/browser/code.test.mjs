// A one-time code is for one time. This story has a file of its own because it waits for the clock.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { withBrowser } from './story.mjs';

const story = withBrowser();

test('a code works once, for each customer; the next one works again', async (t) => {
  const { customer, page, watch } = await story(t);
  watch.expects(422);

  await customer.startsLinking();
  await walksToTheCode(customer);
  const code = await customer.readsCode();
  await customer.entersCode(code);
  await customer.isOn('accounts');
  await customer.presses('cancel');
  await customer.seesOutcome('rejected');

  await customer.startsLinking();
  await walksToTheCode(customer);
  await customer.entersCode(code);
  assert.match(await page.locator('.field-error').innerText(), /was used before\. Enter the next code/);
  await customer.entersCode(await customer.waitsForNextCode(code));
  await customer.isOn('accounts');
});

async function walksToTheCode(customer) {
  await customer.entersUsername();
  await customer.recognizesThePhrase();
  await customer.entersPassword();
  await customer.isOn('otp');
}
