// The bank's own data, in the bank's own terms: amounts are integers of sen (a debt is negative, floats are nowhere),
// moments are milliseconds, and nothing here knows HTTP or the contract. This is the file to replace by a real core.
//
// Movements follow from the account and the day alone, so they are the same after a restart. They reach from a year ago
// to the start of this process.

const DAY = 86_400_000;
const MALAYSIA = 8 * 3_600_000; // ahead of UTC, all year
const started = Math.floor(Date.now() / 1000) * 1000;
const today = Math.floor((started + MALAYSIA) / DAY); // counted from 1970, where a day begins at 00:00 in Malaysia
const dateOf = (day) => new Date(day * DAY).toISOString().slice(0, 10);
const month = dateOf(today).slice(0, 8);

const customers = new Map([
  ['CIF-1001', {
    name: 'Nurul Iman binti Rahman', givenName: 'Nurul Iman', familyName: 'binti Rahman', username: 'paynet',
    nric: '900101-14-5566', accounts: ['NS-1', 'NC-1', 'NV-1', 'ND-1'],
  }],
  ['CIF-2002', {
    name: 'Arjun a/l Selvam', givenName: 'Arjun', familyName: 'a/l Selvam', username: 'arjun',
    nric: '870615-08-4321', accounts: ['NS-2', 'NH-1', 'NS-3'],
  }],
]);

const accounts = new Map([
  ['NS-1', { number: '880001234501', name: 'Node Savings', kind: 'savings', sen: 123456 }],
  ['NC-1', { number: '880001234502', name: 'Node Current', kind: 'current', sen: -15000, creditLine: 100000 }],
  ['NV-1', {
    number: '455612******7788', name: 'Node Visa', kind: 'credit_card', sen: -45678, creditLine: 800000,
    statement: { sen: -39020, date: `${month}01` },
    credit: { rate: '15.00', minimumSen: 2500, due: dateOf(today) <= `${month}28` ? `${month}28` : undefined },
  }],
  ['ND-1', { number: '880001234503', name: 'Node Sleeper', kind: 'savings', sen: 700, eligibility: 'dormant' }],
  ['NS-2', { number: '880009876501', name: 'Node Savings', kind: 'savings', sen: 98765 }],
  ['NH-1', {
    number: '880009876502', name: 'Node Car Financing', kind: 'hire_purchase', sen: -4210050,
    loan: { principalSen: 6500000, began: '2023-04-01', ends: '2030-03-31', rate: '3.125', minimumSen: 86190 },
  }],
  ['NS-3', { number: '880009876503', name: 'First Savings', kind: 'savings', sen: 0, eligibility: 'closed' }],
]);

/** The customer, or undefined. A Map and not an object: an id like `constructor` must find nothing. */
export const findCustomer = (id) => customers.get(id);

/** The customer's accounts in the order of our own channels, each with its reference. */
export const accountsOf = (customer) => customer.accounts.map((key) => ({ reference: key, ...accounts.get(key) }));

/** All movements, newest first. Those of the same instant are ordered by id, so that the order never changes. */
export const movementsOf = (account) => movements.get(account.reference);

const movements = new Map([...accounts].map(([reference, { kind }]) => {
  const rows = [];
  for (let day = today - 365; day <= today; day += 1) rows.push(...movementsOn(day, reference, kind));
  return [reference, rows.filter(({ at }) => at <= started).sort((a, b) => b.at - a.at || (a.id < b.id ? 1 : -1))];
}));

function movementsOn(day, reference, kind) {
  const rows = [];
  const add = (time, sen, description, more) => rows.push({
    id: `${reference}-${dateOf(day)}-${rows.length + 1}`, at: Date.parse(`${dateOf(day)}T${time}+08:00`),
    sen, description, settled: true, ...more,
  });
  const some = 500 + ((day * 7919) % 9000); // an amount that differs from day to day
  const qr = { method: 'instore_payment', submethod: 'duitnow_qr', merchant: 'Kedai Kopi Node' };
  const debit = { method: 'recurring_payment', submethod: 'direct_debit' };
  const transfer = { method: 'funds_transfer', submethod: 'duitnow_transfer', reference: 'Rent' };
  // The card system speaks UTC. Its 16:00Z is the next day in Malaysia.
  const market = { utc: true, merchant: 'Pasar Node', mcc: '5411' };
  const abroad = { utc: true, merchant: 'Hawker Row', mcc: '5812', foreign: { sen: 1800, currency: 'SGD' } };
  if (kind === 'savings' || kind === 'current') {
    // The first and the last second of a day, and several in one second, are where date ranges and paging go wrong.
    if (day % 2 === 0) add('00:00:00', -1200, 'Takaful contribution', debit);
    if (day % 9 !== 0) add('12:30:00', -some, 'DuitNow QR Kedai Kopi Node', qr);
    if (day % 7 === 0) for (let i = 0; i < 3; i += 1) add('12:30:00', -350, 'DuitNow QR Kedai Kopi Node', qr);
    if (day % 5 === 0) add('23:59:59', 3 * some, 'Transfer from Farid', transfer);
    const hold = { id: `${reference}-hold-${dateOf(day)}`, at: started, settled: false };
    if (day === today) add('00:00:00', -1250, 'Card hold Pasar Node', hold);
  } else if (kind === 'credit_card') {
    if (day % 3 === 0) add('00:00:00', -some, 'PASAR NODE', market);
    if (day % 30 === 0) add('18:45:10', -6174, 'HAWKER ROW SINGAPORE', abroad);
    if (day % 28 === 0) add('09:00:00', 50000, 'Payment received', { utc: true });
  }
  return rows;
}
