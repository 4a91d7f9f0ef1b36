# Semua teks skrin pelanggan, dalam Bahasa Malaysia. Kuncinya sama dengan en.ftl; satu ujian membandingkannya.
# For the institution: have a native speaker in your legal team review this file. There is no official glossary of open-finance
# terms in Malay yet; "kebenaran" stands for consent and "berkongsi" for sharing throughout.

## Around every screen

language-switch = English
language-switch-label = Read this page in English
skip-to-content = Terus ke kandungan utama
page-title = { $heading } – { $bank }
page-title-error = Ralat: { $heading } – { $bank }
parties-step = { $consumer } meminta maklumat anda melalui PayNet
parties-after = Permintaan daripada { $consumer } melalui PayNet
consumer-unknown = aplikasi yang anda gunakan tadi
step = Langkah { $number } daripada { $count }: { $name }
step-sign-in = Log masuk
step-confirm = Pengesahan
step-accounts = Pilih akaun
step-review = Semak
deadline = Sila selesaikan sebelum { $time }
deadline-soon = Kurang 2 minit lagi: hingga { $time }
deadline-after = Selepas { $time } (waktu Malaysia), permintaan ini tamat dan tiada apa-apa dikongsi. Anda boleh mula semula daripada { $consumer }.
help-heading = Perlukan bantuan?
help-contact = Hubungi { $bank } melalui cara yang biasa anda gunakan.
help-line = Hubungi { $bank }: { $line }
help-reference = Rujukan untuk dinyatakan: { $reference }

## Buttons and links

continue = Teruskan
cancel = Batal
return = Kembali ke { $consumer }
try-again = Cuba lagi
change-username = Bukan anda? Guna nama pengguna lain

## What has to be corrected

error-summary-heading = Terdapat masalah
error-accounts-missing = Pilih sekurang-kurangnya satu akaun untuk dikongsi, atau batalkan
error-accounts-unknown = Sila pilih semula: salah satu akaun tidak lagi tersedia
error-otp-expired = Kod itu sudah lama atau sudah digunakan. Masukkan kod berikutnya yang dipaparkan oleh aplikasi anda
error-otp-missing = Masukkan kod 6 digit
error-otp-sent-expired = Kod itu telah tamat tempoh. { $bank } telah menghantar kod baharu kepada anda
error-otp-sent-missing = Masukkan kod yang dihantar oleh { $bank } kepada anda
error-otp-sent-used = Kod itu sudah digunakan. Pilih “Hantar kod baharu”
error-otp-sent-wrong = Kod itu tidak betul. Masukkan kod terkini yang dihantar oleh { $bank } kepada anda
error-otp-wrong = Kod itu tidak betul. Semak aplikasi anda dan masukkan kod yang dipaparkan sekarang
error-password-missing = Masukkan kata laluan anda
error-sign-in-lapsed = Log masuk mengambil masa terlalu lama. Sila mula semula dengan nama pengguna anda
error-sign-in-wrong = Nama pengguna atau kata laluan tidak betul. Sila cuba lagi
error-username-missing = Masukkan nama pengguna anda

## Sign-in: username

username-heading = Log masuk ke { $bank }
username-lead = { $consumer } meminta untuk melihat maklumat daripada akaun anda. Log masuk dahulu. Kemudian anda tentukan maklumat yang hendak dikongsi.
username-label = Nama pengguna
username-hint = Nama yang anda gunakan untuk perbankan dalam talian { $bank }
username-note = { $consumer } tidak dapat melihat nama pengguna atau kata laluan anda.

## Sign-in: secure phrase

phrase-heading = Adakah ini frasa keselamatan anda?
phrase-lead = Anda sendiri yang memilih perkataan ini. Ia menunjukkan bahawa halaman ini milik { $bank }.
phrase-label = Frasa keselamatan anda
phrase-user = Log masuk sebagai { $username }
phrase-warning = Jika ini bukan perkataan anda, jangan masukkan kata laluan. Pilih Batal.
phrase-continue = Ya, teruskan

## Sign-in: password

password-heading = Masukkan kata laluan anda
password-lead = Frasa keselamatan anda dipaparkan sekali lagi supaya anda pasti halaman ini sahih.
password-label = Kata laluan
password-note = { $consumer } tidak dapat melihat kata laluan anda.

## Second factor

otp-heading = Sahkan identiti anda
otp-lead = Buka aplikasi pengesah anda dan masukkan kod 6 digit yang dipaparkan untuk { $bank }.
otp-lead-device = Buka aplikasi pengesah pada { $device } dan masukkan kod 6 digit yang dipaparkan untuk { $bank }.
otp-lead-sent = { $bank } telah menghantar kod kepada anda. Masukkan kod itu di sini.
otp-sent-to = Dihantar ke: { $destination }
otp-label = Kod 6 digit
otp-label-sent = Kod
otp-hint = Kod baharu dipaparkan setiap 30 saat
otp-hint-sent = Boleh digunakan hingga { $time }
otp-new-code = Hantar kod baharu
otp-note = Kod ini adalah untuk berkongsi maklumat dengan { $consumer }. { $bank } tidak sekali-kali memintanya melalui telefon atau mesej.

## Accounts

accounts-heading = Pilih akaun untuk dikongsi
accounts-lead = Hanya akaun yang anda tandakan akan dikongsi dengan { $consumer }.
accounts-legend = Akaun anda
accounts-unavailable-legend = Akaun yang tidak boleh dikongsi
accounts-none-heading = Tiada akaun anda yang boleh dikongsi
accounts-none-lead = { $consumer } meminta untuk melihat akaun anda, tetapi tiada satu pun boleh dikongsi buat masa ini. Tiada apa-apa dikongsi.

account-credit-card = Kad kredit
account-current = Akaun semasa
account-e-wallet = E-dompet
account-fund = Dana pelaburan
account-hire-purchase = Sewa beli
account-mortgage = Pembiayaan rumah
account-pension = Akaun persaraan
account-savings = Akaun simpanan

unavailable-business = Akaun perniagaan tidak boleh dikongsi di sini.
unavailable-closed = Akaun ini telah ditutup.
unavailable-dormant = Akaun ini dorman. Kunjungi cawangan untuk mengaktifkannya semula.
unavailable-foreign-currency = Hanya akaun dalam ringgit boleh dikongsi.
unavailable-joint = Akaun bersama belum boleh dikongsi.
unavailable-minor = Akaun pelanggan bawah 18 tahun tidak boleh dikongsi.
unavailable-neutral = Akaun ini tidak boleh dikongsi buat masa ini. Hubungi { $bank } jika anda memerlukannya.
unavailable-unsupported = Akaun jenis ini belum boleh dikongsi.

## Review

review-heading = Semak maklumat yang anda kongsi
review-lead = Jika anda bersetuju, { $bank } memberikan maklumat di bawah kepada { $consumer }, melalui PayNet.
review-recipient = Siapa yang menerima
review-recipient-platform = melalui Platform Kewangan Terbuka PayNet
review-purpose = Sebab
purpose-pfm = Pengurusan kewangan peribadi
purpose-pfm-detail = Untuk memaparkan akaun anda di satu tempat dan membantu anda mengurus wang
purpose-credit-underwriting = Penilaian kredit
purpose-credit-underwriting-detail = Untuk menilai permohonan anda bagi pinjaman atau pembiayaan lain
review-data = Maklumat yang dikongsi
data-more = Apa yang termasuk
data-accounts = Nama, jenis dan nombor akaun
data-accounts-detail = Nama pada akaun, jenis akaun, mata wang dan nombor akaun
data-balances = Baki
data-balances-detail = Jumlah wang dalam setiap akaun atau, bagi kad dan pembiayaan, jumlah hutang dan baki yang boleh digunakan
data-transactions = Transaksi
data-transactions-detail = Wang masuk dan keluar berserta jumlah, tarikh dan keterangan, serta pihak yang anda bayar atau yang membayar anda, bagi { $months } bulan terakhir
review-accounts = Daripada akaun ini
review-change = Tukar akaun
review-from = Dari
review-until = Hingga
review-time-zone = { $moment } (waktu Malaysia)
review-often = Kekerapan
review-often-text = Setiap kali { $consumer } memerlukannya sehingga tarikh itu, tanpa bertanya kepada anda setiap kali
review-stop-heading = Anda boleh berhenti berkongsi pada bila-bila masa
review-stop-where = Pergi ke “Perkongsian data” dalam perbankan dalam talian { $bank }, atau minta daripada { $consumer }. Perkongsian berhenti serta-merta.
review-stop-after = Maklumat yang sudah ada pada { $consumer } kekal dengan { $consumer }. Tanya mereka cara maklumat itu digunakan, atau minta supaya dipadamkan.
review-statement = Dengan memilih “{ $approve }”, anda membenarkan { $bank } berkongsi maklumat ini dengan { $consumer }. Jika anda memilih “{ $reject }”, tiada apa-apa dikongsi.
review-approve = Kongsi data saya
review-reject = Jangan kongsi

## Result

result-approved-heading = Anda kini berkongsi dengan { $consumer }
result-approved-lead = { $bank } dan PayNet telah merekodkan kebenaran anda. Kembali ke { $consumer } untuk meneruskan.
result-shared = Maklumat yang dikongsi
result-recipient = Dengan
result-accounts = Akaun
result-until = Hingga
result-reference = Rujukan
result-stop = Untuk berhenti berkongsi, pergi ke “Perkongsian data” dalam perbankan dalam talian { $bank }. Anda boleh berbuat demikian pada bila-bila masa.

result-finishing-heading = Kami sedang menyelesaikannya
result-finishing-lead = Keputusan anda telah disimpan. Kami sedang menunggu pengesahan PayNet, yang mengambil masa beberapa saat.
result-finishing-note = Halaman ini dikemas kini dengan sendirinya. Anda tidak perlu berbuat apa-apa.
result-checking-heading = Kami sedang menyemak
result-checking-lead = PayNet belum mengesahkan keputusan anda. Tiada maklumat dikongsi selagi belum disahkan.
result-checking-note = Halaman ini dikemas kini dengan sendirinya. Jika anda menutupnya, tiada apa-apa hilang: keputusannya ada di “Perkongsian data” dalam perbankan dalam talian { $bank }.
result-refresh = Semak sekarang

# \u2011 is the hyphen at which no line breaks.
result-rejected-heading = Tiada apa{"\u2011"}apa dikongsi
result-rejected-lead = Anda memilih untuk tidak berkongsi maklumat dengan { $consumer }. Akaun { $bank } anda kekal seperti sedia ada.
result-rejected-next = Jika anda mengubah fikiran, anda boleh mula semula daripada { $consumer } pada bila-bila masa.

result-failed-heading = Perkongsian tidak berjaya
result-failed-lead = PayNet tidak dapat merekodkan kebenaran anda, jadi tiada apa-apa dikongsi dengan { $consumer }.
result-failed-next = Sila kembali ke { $consumer } dan mula semula. Jika ia berlaku lagi, hubungi { $bank } dan nyatakan rujukan di bawah.

## Pages that end or interrupt the journey

page-next = Apa yang boleh anda lakukan
page-wait = { $minutes ->
   *[other] Sila tunggu { $minutes } minit sebelum mencuba lagi.
}

page-wait-long = Sila tunggu { $hours } jam sebelum mencuba lagi.

page-already-decided-heading = Permintaan ini telah dijawab
page-already-decided-happened = Setiap permintaan boleh dijawab sekali sahaja. Jawapan pertama dikira dan tidak diubah.
page-already-decided-next = Semua jawapan anda ada di “Perkongsian data” dalam perbankan dalam talian { $bank }.

page-expired-heading = Permintaan ini telah tamat
page-expired-happened = Demi keselamatan anda, permintaan perlu dijawab dalam beberapa minit. Masanya telah tamat dan tiada apa-apa dikongsi.
page-expired-next = Kembali ke { $consumer } dan mula semula.

page-internal-heading = Ada masalah di pihak kami
page-internal-happened = { $bank } tidak dapat memaparkan halaman ini. Ini bukan kesilapan anda.
page-internal-next = Sila cuba lagi sebentar nanti. Jika ia berlaku lagi, hubungi { $bank } dan nyatakan rujukan di bawah.

page-invalid-link-heading = Pautan ini tidak boleh digunakan
page-invalid-link-happened = Kami tidak dapat mengesahkan bahawa pautan ini datang daripada PayNet, jadi kami tidak membukanya. Tiada apa-apa dikongsi.
page-invalid-link-next = Tutup halaman ini. Buka semula aplikasi yang anda gunakan tadi dan mula dari situ. Jangan masukkan kata laluan pada halaman yang dibuka melalui pautan ini.

page-locked-heading = Log masuk dijeda
page-locked-happened = Terlalu banyak cubaan tidak berjaya, jadi log masuk di sini dijeda untuk melindungi akaun anda. Tiada apa-apa dikongsi.
page-locked-next = Kembali ke { $consumer } dan mula semula kemudian. Jika cubaan itu bukan daripada anda, sila hubungi { $bank }.

page-maintenance-heading = { $bank } tidak tersedia buat masa ini
page-maintenance-happened = Kami sedang menyelenggara sistem. Akaun anda tidak terjejas.
page-maintenance-next = Sila cuba lagi sebentar lagi. Jika masih tidak berjaya, mula semula kemudian daripada { $consumer }.

page-no-second-factor-heading = Kami tidak dapat mengesahkan identiti anda di sini
page-no-second-factor-happened = Cara pengesahan log masuk anda dengan { $bank } belum boleh digunakan pada halaman ini. Tiada apa-apa dikongsi, dan permintaan ini masih terbuka.
page-no-second-factor-next = Jika anda boleh menyediakan cara lain dengan { $bank }, seperti aplikasi pengesah, lakukannya dan mula semula daripada { $consumer }. Jika tidak, hubungi { $bank }.

page-not-found-heading = Halaman ini tidak wujud
page-not-found-happened = Alamat mungkin tidak lengkap atau tersalah taip.
page-not-found-next = Tutup halaman ini, kembali ke { $consumer } dan mula dari situ.

page-session-lost-heading = Sesi anda terputus
page-session-lost-happened = Halaman ini terlalu lama dibuka, dibuka di tetingkap lain, atau pelayar anda tidak menyimpan kukinya.
page-session-lost-next = Kembali ke { $consumer } dan mula semula. Jika ia berlaku lagi, benarkan halaman ini menyimpan kuki.

page-throttled-heading = Terlalu banyak permintaan
page-throttled-happened = Kami menerima lebih banyak permintaan daripada rangkaian anda berbanding yang dapat dijawab dengan selamat.
page-throttled-next = Keadaan ini akan pulih sendiri. Jika ia berlaku lagi, hubungi { $bank } dan nyatakan rujukan di bawah.

page-unknown-consent-heading = Kami tidak menemui permintaan ini
page-unknown-consent-happened = PayNet tiada permintaan terbuka bagi pautan ini. Tiada apa-apa dikongsi.
page-unknown-consent-next = Kembali ke { $consumer } dan mula semula.

## Dates and times, in Malaysia

moment = { $date }, { $time }
date = { $day } { $month } { $year }
time = { $hour }.{ $minute } { $period }
period-midnight = tengah malam
period-morning = pagi
period-noon = tengah hari
period-evening = petang
period-night = malam
month-1 = Januari
month-2 = Februari
month-3 = Mac
month-4 = April
month-5 = Mei
month-6 = Jun
month-7 = Julai
month-8 = Ogos
month-9 = September
month-10 = Oktober
month-11 = November
month-12 = Disember
