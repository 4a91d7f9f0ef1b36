// What the contract says about single values: which are well formed on the way in, how ours look on the way out, and
// the cursor of a page. Knows neither HTTP nor our data.

import { createCipheriv, createDecipheriv, createHmac } from 'node:crypto';

/** A refusal as the contract words it. The description goes to Izin's log: name the member, never quote its value. */
export class Refusal extends Error {
  constructor(status, error, description, headers = {}) {
    super(description);
    Object.assign(this, { status, error, headers });
  }
}

/** The refusal of a request that breaks the contract. */
export const invalid = (description) => new Refusal(400, 'invalid_request', description);

// ---- on the way in

const text = (pattern) => (value) => typeof value === 'string' && pattern.test(value);
const oneOf = (...values) => (value) => values.includes(value);
const listOf = (most, valid) => (value) => Array.isArray(value) && value.length >= 1 && value.length <= most
  && value.every(valid) && new Set(value).size === value.length;

export const isId = text(/^[A-Za-z0-9][A-Za-z0-9._~:-]{0,127}$/); // of a customer or an account; so never `..`
export const isUuid = text(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i);
export const isPaynetId = text(/^[A-Za-z0-9._~:-]{1,36}$/); // of a consent or a Data Consumer
export const isPurpose = oneOf('credit_underwriting', 'pfm');

/** A day of the calendar. `Date.parse` alone takes 30 February for 2 March. */
export function isDate(value) {
  if (!text(/^[0-9]{4}-[0-9]{2}-[0-9]{2}$/)(value)) return false;
  const midnight = Date.parse(`${value}T00:00:00Z`);
  return !Number.isNaN(midnight) && new Date(midnight).toISOString().startsWith(value);
}

const hour = '([01][0-9]|2[0-3])';
const minute = '[0-5][0-9]';
const time = new RegExp(`^T${hour}:${minute}:(${minute}|60)(\\.[0-9]+)?(Z|[+-]${hour}:${minute})$`, 'i');
const isMoment = (value) => typeof value === 'string' && isDate(value.slice(0, 10)) && time.test(value.slice(10));

const NOTICE = {
  kind: oneOf('sharing_expired', 'sharing_failed', 'sharing_resumed', 'sharing_started', 'sharing_stopped',
    'sharing_suspended'),
  occurred_at: isMoment,
  caused_by: oneOf('bank', 'customer', 'data_consumer', 'platform', 'term'),
  consent_id: isPaynetId,
  dc_id: isPaynetId,
  dc_name: text(/^.{1,200}$/su), // `u` counts characters, not UTF-16 units
  purpose: isPurpose,
  data_categories: listOf(3, oneOf('accounts', 'balances', 'transactions')),
  account_references: listOf(500, isId),
};
const NOTICE_OPTIONAL = { expires_at: isMoment, language: oneOf('en', 'ms') };

/** The notice with the members we know, in our order. Others are ignored: a later 1.x may add some. */
export function parseNotice(body) {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) throw invalid('The body must be an object.');
  const notice = {};
  for (const [name, valid] of Object.entries({ ...NOTICE, ...NOTICE_OPTIONAL })) {
    const value = Object.hasOwn(body, name) ? body[name] : undefined;
    if (value === undefined && name in NOTICE_OPTIONAL) continue; // absent is absent; null is refused below
    if (!valid(value)) throw invalid(`${name} is missing or ill-formed.`);
    notice[name] = value;
  }
  return notice;
}

// ---- on the way out

/** Sen to `1234.56`, by moving digits and not by dividing: exact however large. */
export function money(sen, currency = 'MYR') {
  const digits = String(Math.abs(sen)).padStart(3, '0');
  return { amount: `${digits.slice(0, -2)}.${digits.slice(-2)}`, currency };
}

/** The direction from the customer's side; zero is credit. */
export const direction = (sen) => (sen < 0 ? 'debit' : 'credit');
export const signedMoney = (sen) => ({ credit_debit_indicator: direction(sen), ...money(sen) });

/** A moment with Malaysia's offset. */
export const malaysianTime = (at) => new Date(at + 8 * 3_600_000).toISOString().replace('Z', '+08:00');

/** Where a Malaysian day begins: 00:00 there, which is 16:00Z of the day before. */
export const startOfDay = (date) => Date.parse(`${date}T00:00:00+08:00`);

// ---- the cursor: the last transaction given, encrypted and authenticated (AES-256-GCM) together with the question it
// belongs to. It cannot be forged or taken to another account, tells nothing to whoever sees it, and we store nothing.

/** Seals where a page ended, for `question` only. The letters used need no escaping in a URL. */
export function sealCursor(key, question, { at, id }) {
  const position = JSON.stringify({ at, id });
  // Not random, so that the same question is answered by the same bytes; different for everything that is encrypted.
  const nonce = createHmac('sha256', key).update(question + position).digest().subarray(0, 12);
  const cipher = createCipheriv('aes-256-gcm', key, nonce, { authTagLength: 16 }).setAAD(Buffer.from(question));
  const sealed = Buffer.concat([cipher.update(position), cipher.final()]);
  return Buffer.concat([nonce, cipher.getAuthTag(), sealed]).toString('base64url');
}

/** Opens what `sealCursor` made for the same question; anything else is `invalid_cursor`. */
export function openCursor(key, question, cursor) {
  try {
    const bytes = Buffer.from(cursor, 'base64url');
    // The decoder skips foreign letters and spare bits; without this, one cursor could be spelled in several ways.
    if (bytes.toString('base64url') !== cursor) throw new Error('not as we spell it');
    const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, 12), { authTagLength: 16 });
    decipher.setAAD(Buffer.from(question)).setAuthTag(bytes.subarray(12, 28));
    return JSON.parse(Buffer.concat([decipher.update(bytes.subarray(28)), decipher.final()]));
  } catch {
    throw new Refusal(400, 'invalid_cursor', 'The cursor was not issued for this customer, account and period.');
  }
}
