// Swagger UI on the operations listener: a tester presses "Execute" and reads an answer that only the consumer could open.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { DESKTOP, withBrowser } from './story.mjs';
import { Tester } from './tester.mjs';

const story = withBrowser();

test('a tester tries the balances out and sees them opened', async (t) => {
  const { customer, context, demo } = await story(t);
  await customer.startsLinking();
  await customer.signsIn();
  await customer.choosesAccounts('Everyday Savings');
  await customer.approves();

  const tester = new Tester(await context.newPage(), demo);
  await tester.page.setViewportSize(DESKTOP);
  const { consent, account } = await tester.findsIdentifiers();
  await tester.opensTheDocument();
  const balances = await tester.triesOut('getAccountBalances', { account_id: account, consent_id: consent });
  assert.equal(balances.status, 200);
  assert.equal(balances.sealed.status, 'success');
  assert.equal(balances.sealed.data.split('.').length, 3, 'what PayNet sees is a signature over a ciphertext');
  assert.match(JSON.stringify(balances.opened.plaintext.data), /"5123\.45"/);
  assert.ok(balances.request.added['x-signature'], 'the proxy signs for the consumer');
  assert.notEqual(balances.request.added['x-enc-kid'], undefined, "the document's example is not what was meant");

  const health = await tester.triesOut('getHealth', {});
  assert.deepEqual(health.body, { status: 'ok' });
});

test('authorize is shown and not followed; what the bank calls is refused', async (t) => {
  const { context, demo, watch, customer } = await story(t, { viewport: DESKTOP });
  watch.expects(400);
  await customer.startsLinking();

  const tester = new Tester(await context.newPage(), demo);
  const { consent } = await tester.findsIdentifiers('awaiting_authorization');
  await tester.opensTheDocument();
  const authorize = await tester.triesOut('authorize', { consent_id: consent });
  assert.equal(authorize.status, 303);
  assert.ok(authorize.headers.location.startsWith(demo.urls.bank));

  const refused = await tester.triesOut('retrieveConsent', { consent_id: consent });
  assert.equal(refused.error, 'invalid_request');
  assert.match(refused.error_description, /operation that Izin calls/);
});
