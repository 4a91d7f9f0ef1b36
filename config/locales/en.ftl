# Every string of the customer's screens, in English. ms.ftl has the same keys; a test compares them.
# $bank is the institution, $consumer who asks for the data.

## Around every screen

language-switch = Bahasa Malaysia
language-switch-label = Baca halaman ini dalam Bahasa Malaysia
skip-to-content = Skip to main content
page-title = { $heading } – { $bank }
page-title-error = Error: { $heading } – { $bank }
parties-step = { $consumer } asks for your information through PayNet
parties-after = Request from { $consumer } through PayNet
consumer-unknown = the app you came from
step = Step { $number } of { $count }: { $name }
step-sign-in = Sign in
step-confirm = Confirm it is you
step-accounts = Choose accounts
step-review = Review
deadline = Please finish before { $time }
deadline-soon = Less than 2 minutes left: until { $time }
deadline-after = After { $time } (Malaysian time) this request ends and nothing is shared. You can then start again from { $consumer }.
help-heading = Need help?
help-contact = Contact { $bank } the way you usually do.
help-line = Call { $bank }: { $line }
help-reference = Reference to quote: { $reference }

## Buttons and links

continue = Continue
cancel = Cancel
return = Go back to { $consumer }
try-again = Try again
change-username = Not you? Use a different username

## What has to be corrected

error-summary-heading = There is a problem
error-accounts-missing = Choose at least one account to share, or cancel
error-accounts-unknown = Choose again: one of the accounts is no longer available
error-otp-expired = That code is too old or was used before. Enter the next code your app shows
error-otp-missing = Enter the 6-digit code
error-otp-sent-expired = That code has expired. { $bank } has sent you a new one
error-otp-sent-missing = Enter the code that { $bank } sent you
error-otp-sent-used = That code was used before. Choose “Send a new code”
error-otp-sent-wrong = That code is not correct. Enter the newest code that { $bank } sent you
error-otp-wrong = That code is not correct. Check your app and enter the code it shows now
error-password-missing = Enter your password
error-sign-in-lapsed = Signing in took too long. Please start again with your username
error-sign-in-wrong = The username or password is not correct. Please try again
error-username-missing = Enter your username

## Sign-in: username

username-heading = Sign in to { $bank }
username-lead = { $consumer } has asked to see information from your accounts. Sign in first. You then decide what to share.
username-label = Username
username-hint = The one you use for { $bank } online banking
username-note = { $consumer } never sees your username or password.

## Sign-in: secure phrase

phrase-heading = Is this your secure phrase?
phrase-lead = You chose these words yourself. They show that this page belongs to { $bank }.
phrase-label = Your secure phrase
phrase-user = Signing in as { $username }
phrase-warning = If these are not your words, do not enter your password. Choose Cancel.
phrase-continue = Yes, continue

## Sign-in: password

password-heading = Enter your password
password-lead = Your secure phrase is shown again, so that you know where you are typing.
password-label = Password
password-note = { $consumer } never sees your password.

## Second factor

otp-heading = Confirm it is you
otp-lead = Open your authenticator app and enter the 6-digit code it shows for { $bank }.
otp-lead-device = Open the authenticator app on { $device } and enter the 6-digit code it shows for { $bank }.
otp-lead-sent = { $bank } has sent you a code. Enter it here.
otp-sent-to = Sent to: { $destination }
otp-label = 6-digit code
otp-label-sent = Code
otp-hint = A new code appears every 30 seconds
otp-hint-sent = You can use it until { $time }
otp-new-code = Send a new code
otp-note = This code is for sharing information with { $consumer }. { $bank } never asks for it by telephone or message.

## Accounts

accounts-heading = Choose the accounts to share
accounts-lead = Only the accounts you tick are shared with { $consumer }.
accounts-legend = Your accounts
accounts-unavailable-legend = Accounts that cannot be shared
accounts-none-heading = None of your accounts can be shared
accounts-none-lead = { $consumer } asked to see your accounts, but none of them can be shared at the moment. Nothing has been shared.

account-credit-card = Credit card
account-current = Current account
account-e-wallet = E-wallet
account-fund = Investment fund
account-hire-purchase = Hire purchase
account-mortgage = Home financing
account-pension = Retirement account
account-savings = Savings account

unavailable-business = Business accounts cannot be shared here.
unavailable-closed = This account is closed.
unavailable-dormant = This account is dormant. Visit a branch to make it active again.
unavailable-foreign-currency = Only accounts in ringgit can be shared.
unavailable-joint = Joint accounts cannot be shared yet.
unavailable-minor = Accounts of customers under 18 cannot be shared.
unavailable-neutral = This account cannot be shared at the moment. Call { $bank } if you need it.
unavailable-unsupported = Accounts of this type cannot be shared yet.

## Review

review-heading = Check what you are sharing
review-lead = If you agree, { $bank } gives the information below to { $consumer }, through PayNet.
review-recipient = Who receives it
review-recipient-platform = through PayNet’s Open Finance Platform
review-purpose = Why
purpose-pfm = Personal finance management
purpose-pfm-detail = To show your accounts in one place and help you manage your money
purpose-credit-underwriting = Credit assessment
purpose-credit-underwriting-detail = To assess your application for a loan or other financing
review-data = What is shared
data-more = What this includes
data-accounts = Account name, type and number
data-accounts-detail = The name on the account, what kind of account it is, its currency and its account number
data-balances = Balances
data-balances-detail = How much is in each account or, for cards and financing, how much is owed and available
data-transactions = Transactions
data-transactions-detail = Incoming and outgoing payments with amounts, dates and descriptions, and who you paid or who paid you, for the last { $months } months
review-accounts = From these accounts
review-change = Change accounts
review-from = From
review-until = Until
review-time-zone = { $moment } (Malaysian time)
review-often = How often
review-often-text = Whenever { $consumer } needs it until then, without asking you each time
review-stop-heading = You can stop sharing at any time
review-stop-where = Go to “Data sharing” in { $bank } online banking, or ask { $consumer }. Sharing stops at once.
review-stop-after = Information that { $consumer } already has stays with { $consumer }. Ask them what they do with it, or to delete it.
review-statement = By choosing “{ $approve }” you allow { $bank } to share this information with { $consumer }. If you choose “{ $reject }”, nothing is shared.
review-approve = Share my data
review-reject = Do not share

## Result

result-approved-heading = You are now sharing with { $consumer }
result-approved-lead = { $bank } and PayNet have recorded your consent. Go back to { $consumer } to continue.
result-shared = What is shared
result-recipient = With
result-accounts = Accounts
result-until = Until
result-reference = Reference
result-stop = To stop sharing, go to “Data sharing” in { $bank } online banking. You can do so at any time.

result-finishing-heading = We are finishing
result-finishing-lead = Your decision is saved. We are waiting for PayNet to confirm it, which takes a few seconds.
result-finishing-note = This page updates by itself. You do not have to do anything.
result-checking-heading = We are checking
result-checking-lead = PayNet has not confirmed your decision yet. No information is shared until it does.
result-checking-note = This page updates by itself. If you close it, nothing is lost: you find the outcome under “Data sharing” in { $bank } online banking.
result-refresh = Check now

result-rejected-heading = Nothing has been shared
result-rejected-lead = You chose not to share information with { $consumer }. Your { $bank } accounts stay exactly as they were.
result-rejected-next = If you change your mind, you can start again from { $consumer } at any time.

result-failed-heading = Sharing did not work
result-failed-lead = PayNet could not record your consent, so nothing has been shared with { $consumer }.
result-failed-next = Please go back to { $consumer } and start again. If it happens again, contact { $bank } and quote the reference below.

## Pages that end or interrupt the journey

page-next = What you can do
page-wait = { $minutes ->
    [one] Please wait a minute before you try again.
   *[other] Please wait { $minutes } minutes before you try again.
}

page-wait-long = Please wait { $hours } hours before you try again.

page-already-decided-heading = This request has already been answered
page-already-decided-happened = Each request can be answered once. The first answer counts and has not been changed.
page-already-decided-next = You find all your answers under “Data sharing” in { $bank } online banking.

page-expired-heading = This request has ended
page-expired-happened = A request has to be answered within a few minutes, to keep you safe. The time is over and nothing has been shared.
page-expired-next = Go back to { $consumer } and start again.

page-internal-heading = Something went wrong on our side
page-internal-happened = { $bank } could not show this page. It was not your mistake.
page-internal-next = Please try again in a moment. If it happens again, contact { $bank } and quote the reference below.

page-invalid-link-heading = This link cannot be used
page-invalid-link-happened = We could not confirm that this link comes from PayNet, so we did not open it. Nothing has been shared.
page-invalid-link-next = Close this page. Open the app you came from again and start from there. Do not enter your password on a page you reached by this link.

page-locked-heading = Sign-in is paused
page-locked-happened = There were too many attempts that did not work, so signing in here is paused to protect your accounts. Nothing has been shared.
page-locked-next = Go back to { $consumer } and start again later. If the attempts were not yours, please contact { $bank }.

page-maintenance-heading = { $bank } is not available at the moment
page-maintenance-happened = We are working on our systems. Your accounts are not affected.
page-maintenance-next = Please try again in a moment. If that does not help, start again later from { $consumer }.

page-no-second-factor-heading = We cannot confirm that it is you here
page-no-second-factor-happened = The ways in which { $bank } lets you confirm a sign-in do not work on this page yet. Nothing has been shared, and this request is still open.
page-no-second-factor-next = If you can set up another way with { $bank }, such as an authenticator app, do that and start again from { $consumer }. Otherwise, contact { $bank }.

page-not-found-heading = This page does not exist
page-not-found-happened = The address may be incomplete or may have been mistyped.
page-not-found-next = Close this page, go back to { $consumer } and start from there.

page-session-lost-heading = We lost your place
page-session-lost-happened = This page was open for too long, was opened in another window, or your browser did not keep its cookie.
page-session-lost-next = Go back to { $consumer } and start again. If it happens again, allow this page to keep a cookie.

page-throttled-heading = Too many requests
page-throttled-happened = We received more requests from your network than we can answer safely.
page-throttled-next = This passes by itself. If it happens again, contact { $bank } and quote the reference below.

page-unknown-consent-heading = We cannot find this request
page-unknown-consent-happened = PayNet has no open request that belongs to this link. Nothing has been shared.
page-unknown-consent-next = Go back to { $consumer } and start again.

## Dates and times, in Malaysia

moment = { $date }, { $time }
date = { $day } { $month } { $year }
time = { $hour }:{ $minute } { $period }
period-midnight = am
period-morning = am
period-noon = pm
period-evening = pm
period-night = pm
month-1 = January
month-2 = February
month-3 = March
month-4 = April
month-5 = May
month-6 = June
month-7 = July
month-8 = August
month-9 = September
month-10 = October
month-11 = November
month-12 = December
