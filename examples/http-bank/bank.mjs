// A bank that answers Izin, in nothing but Node's standard library. The contract is openapi/core-bank-1.yaml; its
// operations are here, one function each. http.mjs is what they share on the wire, contract.mjs the formats, ledger.mjs
// our data. The headers about the consent are checked; here is also where a bank would log them.
//
// A bank in production differs in three things: the ledger is its core, the notices taken are in a database, and TLS
// 1.2 or later stands in front (plain HTTP is for loopback only).

import { createHash, createHmac, randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import {
  Refusal, direction, invalid, isDate, isPaynetId, isPurpose, isUuid, malaysianTime, money, openCursor, parseNotice,
  sealCursor, signedMoney, startOfDay,
} from './contract.mjs';
import { readJson, serve } from './http.mjs';
import { accountsOf, findCustomer, movementsOf } from './ledger.mjs';

const DAY = 86_400_000;
const token = process.env.BANK_TOKEN_FILE ? readFileSync(process.env.BANK_TOKEN_FILE, 'utf8').trim() : '';
if (!/^[!-~]+$/.test(token)) {
  console.error('BANK_TOKEN_FILE must name a file with the token: one word of printable ASCII.');
  process.exit(1);
}
const cursorKey = createHmac('sha256', token).update('cursor').digest(); // the same in replicas and after a restart
const noticesTaken = new Map(); // idempotency key -> { fingerprint, reference, at }, oldest first

const consent = { 'x-consent-id': isPaynetId, 'x-dc-id': isPaynetId, 'x-purpose': isPurpose };
const routes = [ // method, path, operation, the headers it requires besides x-request-id
  ['GET', '/core-bank/v1/capabilities', getCapabilities],
  ['GET', '/core-bank/v1/customers/{customerId}', getCustomer],
  ['GET', '/core-bank/v1/customers/{customerId}/accounts', listAccounts],
  ['GET', '/core-bank/v1/customers/{customerId}/accounts/{reference}', getAccount, consent],
  ['GET', '/core-bank/v1/customers/{customerId}/accounts/{reference}/balance', getBalance, consent],
  ['GET', '/core-bank/v1/customers/{customerId}/accounts/{reference}/transactions', listTransactions, consent],
  ['POST', '/core-bank/v1/customers/{customerId}/notices', sendNotice, { 'idempotency-key': isUuid }],
];
serve({ routes, token, port: Number(process.env.PORT || 9100) });

function getCapabilities() {
  return [200, {
    contract_version: '1.0',
    implementation: 'izin http-bank example 1.0.0',
    operations: routes.map(([, , operation]) => operation.name),
    features: ['merchant_details', 'pending_transactions', 'statement_balance', 'transfer_methods'],
    history_months: 12,
  }];
}

function getCustomer({ customerId }) {
  const customer = knownCustomer(customerId);
  return [200, {
    sub: customerId,
    name: customer.name,
    given_name: customer.givenName,
    family_name: customer.familyName,
    preferred_username: customer.username,
    id_type: 'nric',
    // The number itself can stay with us. What is hashed is written without spaces and hyphens, in upper case.
    hashed_id_number: createHash('sha256').update(customer.nric.replace(/[ -]/g, '').toUpperCase()).digest('base64'),
  }];
}

function listAccounts({ customerId }) {
  // Those that cannot be shared are listed too, with the reason: customers look for them.
  const accounts = accountsOf(knownCustomer(customerId)).map(
    ({ reference, number, name, kind, eligibility = 'eligible' }) => ({ reference, number, name, kind, eligibility }),
  );
  return [200, { accounts }];
}

function getAccount(call) {
  const { reference, number, name, kind, holder, credit, loan, creditLine } = sharedAccount(call);
  return [200, {
    reference, number, name, holder, kind,
    credit: credit && { // of cards only; JSON leaves out what is undefined, and the contract wants no null
      limit: money(creditLine),
      interest_rate: credit.rate,
      minimum_payment: money(credit.minimumSen),
      payment_due: credit.due,
    },
    loan: loan && { // of loans only
      principal: money(loan.principalSen),
      origination_date: loan.began,
      maturity_date: loan.ends,
      interest_rate: loan.rate,
      minimum_payment: money(loan.minimumSen),
    },
  }];
}

function getBalance(call) {
  const account = sharedAccount(call);
  const { sen, loan, statement, creditLine = 0 } = account;
  const pending = movementsOf(account).filter((row) => !row.settled).reduce((sum, row) => sum + row.sen, 0);
  return [200, {
    as_of: malaysianTime(Date.now()), // a bank that has only last night's figure answers 409 account_unavailable
    current: signedMoney(sen), // pending transactions do not count here
    available: loan ? undefined : signedMoney(sen + pending + creditLine),
    credit_lines_included: creditLine > 0,
    statement: statement && { balance: signedMoney(statement.sen), date: statement.date },
  }];
}

function listTransactions(call) {
  const [from, to, size, cursor] = ['from_date', 'to_date', 'page_size', 'cursor'].map(call.query);
  if (!isDate(from) || !isDate(to)) throw invalid('from_date and to_date must be days.');
  if (from > to) throw invalid('from_date is after to_date.');
  if (!/^[1-9][0-9]{1,2}$/.test(size) || size > 500) throw invalid('page_size must be from 10 to 500.');
  const account = sharedAccount(call);
  // What the cursor is bound to. The page size is not: it may change on the way.
  const question = JSON.stringify([call.customerId, call.reference, from, to]);
  const last = cursor === undefined ? undefined : openCursor(cursorKey, question, cursor);
  const [start, end] = [startOfDay(from), startOfDay(to) + DAY]; // both days included: up to the midnight after
  // Behind the last transaction given, by time and then by id. An offset would shift when new ones arrive.
  const rows = movementsOf(account).filter(({ at, id }) => at >= start && at < end
    && (!last || at < last.at || (at === last.at && id < last.id)));
  const page = rows.slice(0, Number(size));
  return [200, {
    transactions: page.map(transaction),
    next_cursor: rows.length > page.length ? sealCursor(cursorKey, question, page.at(-1)) : undefined,
  }];
}

function transaction(row) {
  return {
    id: row.id,
    booked_at: row.utc ? new Date(row.at).toISOString() : malaysianTime(row.at), // any offset will do
    credit_debit_indicator: direction(row.sen), // the amount has no sign
    amount: money(row.sen),
    foreign_amount: row.foreign && money(row.foreign.sen, row.foreign.currency),
    description: row.description,
    is_settled: row.settled,
    transfer_method: row.method,
    transfer_submethod: row.submethod,
    recipient_reference: row.reference,
    merchant_name: row.merchant,
    mcc: row.mcc,
  };
}

function sendNotice(call) {
  knownCustomer(call.customerId);
  const notice = parseNotice(readJson(call));
  const key = call.headers['idempotency-key'].toLowerCase();
  const fingerprint = createHash('sha256').update(JSON.stringify([call.customerId, notice])).digest('base64');
  for (const [old, { at }] of noticesTaken) { // keys are kept for 7 days
    if (at > Date.now() - 7 * DAY) break;
    noticesTaken.delete(old);
  }
  // Nothing waits between looking and storing, so two calls at once cannot both find the key absent. In a database that
  // takes a unique key.
  let taken = noticesTaken.get(key);
  if (!taken) {
    taken = { fingerprint, reference: `NTF-${randomUUID()}`, at: Date.now() };
    noticesTaken.set(key, taken);
    // Here a bank hands over to its own delivery. The line names nobody and has no free text.
    console.log(`notice ${taken.reference}: ${notice.kind} by ${notice.caused_by} at ${notice.occurred_at}, consent `
      + `${notice.consent_id} for ${notice.dc_id}, ${notice.purpose}, ${notice.account_references.length} account(s)`);
  }
  if (taken.fingerprint !== fingerprint) {
    throw new Refusal(409, 'idempotency_conflict', 'The key was used for another notice.');
  }
  return [202, { reference: taken.reference }];
}

function knownCustomer(id) {
  const customer = findCustomer(id);
  if (!customer) throw new Refusal(404, 'customer_unknown', 'There is no such customer.');
  return customer;
}

/** The account, if it may be shared now. One of another customer is answered exactly like one that never was. */
function sharedAccount({ customerId, reference }) {
  const customer = knownCustomer(customerId);
  const account = accountsOf(customer).find((one) => one.reference === reference);
  if (!account || account.eligibility === 'closed') {
    throw new Refusal(404, 'account_gone', 'The customer has no such account.');
  }
  if (account.eligibility) throw new Refusal(409, 'account_blocked', 'The account is not available for sharing.');
  return { ...account, holder: customer.name };
}
