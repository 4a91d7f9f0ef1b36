// docs/integrator-guide.md, followed to the letter: its commands, in its order, and what it says one sees. A comment before a block
// says what is to become of it: `run`, perhaps with what it prints, or `start` with what it says when it is ready, perhaps with the
// account and the balance that the consumer app then shows.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, rmSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { Customer } from './customer.mjs';
import { PHONE, launch } from './story.mjs';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const BLOCK = /<!-- (run|start)(?:, (.*?))? -->\n```sh\n([\s\S]*?)```/g;
// `cargo run` may have to build first.
const PATIENCE = 300_000;

const guide = readFileSync(`${ROOT}/docs/integrator-guide.md`, 'utf8');
const running = [];

before(() => rmSync(`${ROOT}/bank-token`, { force: true }));
after(async () => {
  for (const process of running) await process.stop();
  rmSync(`${ROOT}/bank-token`, { force: true });
});

test('every command of the guide does what the guide says', { timeout: 2 * PATIENCE }, async () => {
  const blocks = [...guide.matchAll(BLOCK)];
  const marked = guide.match(/```sh\n/g).length;
  assert.equal(blocks.length, marked, 'a block of commands has no comment that says what to do with it');
  for (const [, kind, wishes = '', command] of blocks) {
    const process = new Command(command.trim());
    running.push(process);
    const wish = Object.fromEntries(wishes.split('; ').map((one) => one.split(': ')));
    if (kind === 'run') {
      assert.equal(await process.ended, 0, `${command}\n${process.said}`);
      assert.ok(process.said.includes(wish.prints ?? ''), `${command}\n${process.said}`);
      continue;
    }
    await process.says(wish.until);
    if (wish.shows) {
      await sharesAndSees(process, ...wish.shows.split(/, (?=RM)/));
      await process.stop();
    }
  }
});

/** The journey in a browser, at the addresses that the demo printed. */
async function sharesAndSees(process, account, balance) {
  const address = (label) => process.said.match(new RegExp(`${label}\\s+(http\\S+)`))[1];
  const urls = { start: process.said.match(/^\s+(http:\S+)$/m)[1], consumers: { 'kira-budget': address('Kira Budget \\(consumer\\)') } };
  const browser = await launch();
  try {
    const context = await browser.newContext({ locale: 'en-MY', viewport: PHONE });
    const page = await context.newPage();
    const customer = new Customer(page, { urls, consumer: (id = 'kira-budget') => urls.consumers[id] });
    await customer.startsLinking();
    await customer.signsIn();
    await customer.choosesAccounts(account);
    await customer.approves();
    await customer.goesBackToTheApp('linked');
    const shown = await customer.reads();
    assert.ok(shown.includes(account) && shown.includes(balance), shown);
  } finally {
    await browser.close();
  }
}

/** A command line of the guide. It and what it started end together. */
class Command {
  constructor(line) {
    this.line = line;
    this.said = '';
    this.child = spawn('bash', ['-c', line], { cwd: ROOT, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
    for (const stream of [this.child.stdout, this.child.stderr]) stream.on('data', (chunk) => (this.said += chunk));
    this.ended = once(this.child, 'exit').then(([code]) => code);
  }

  async says(words) {
    const late = Date.now() + PATIENCE;
    while (!this.said.includes(words)) {
      assert.ok(this.child.exitCode === null, `it ended: ${this.line}\n${this.said}`);
      assert.ok(Date.now() < late, `it never said "${words}": ${this.line}\n${this.said}`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  async stop() {
    if (this.child.exitCode === null && this.child.signalCode === null) process.kill(-this.child.pid, 'SIGTERM');
    await this.ended;
  }
}
