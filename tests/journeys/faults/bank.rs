//! The demo bank over HTTP, which nobody kills. Its clock for codes can be put forward, so that customers need not wait half a minute
//! for their next code.

use std::net::Ipv4Addr;
use std::sync::Arc;

use chrono::{TimeDelta, Utc};
use izin::lab::{DemoBank, Handshake, ServedBank, ShiftedClock, SystemClock};
use izin::sign_in::types::{
    Capabilities, OpenSignIn, PasswordCheck, PasswordOutcome, Phrase, PhraseQuery,
    SecondFactorCheck, SecondFactorOutcome, SignedIn,
};
use izin::sign_in::{
    BankError, CheckPasswordParams, CheckSecondFactorParams, GetCapabilitiesParams,
    LookUpPhraseParams, SignIn,
};

/// Clones share the clock.
#[derive(Clone)]
pub struct Codes {
    clock: Arc<ShiftedClock>,
    bank: Arc<DemoBank>,
}

impl Codes {
    pub fn new() -> Self {
        let clock = Arc::new(ShiftedClock::default());
        let bank = DemoBank::new(clock.clone()).unwrap();
        Self {
            bank: Arc::new(bank),
            clock,
        }
    }

    /// One that nobody has used.
    pub fn next(&self) -> String {
        self.clock.advance(TimeDelta::seconds(30));
        self.bank.current_code()
    }

    pub async fn served(&self) -> ServedBank {
        let core = Arc::new(DemoBank::new(Arc::new(SystemClock)).unwrap());
        let any = (Ipv4Addr::LOCALHOST, 0).into();
        let sign_in = Arc::new(self.clone());
        ServedBank::start(core, sign_in, any, Handshake::Plain, None)
            .await
            .unwrap()
    }
}

/// As the demo bank has it, at this machine's time.
impl SignIn for Codes {
    async fn get_capabilities(
        &self,
        params: GetCapabilitiesParams,
    ) -> Result<Capabilities, BankError> {
        SignIn::get_capabilities(&*self.bank, params).await
    }

    async fn look_up_phrase(
        &self,
        params: LookUpPhraseParams,
        body: PhraseQuery,
    ) -> Result<Phrase, BankError> {
        self.bank.look_up_phrase(params, body).await
    }

    async fn check_password(
        &self,
        params: CheckPasswordParams,
        body: PasswordCheck,
    ) -> Result<PasswordOutcome, BankError> {
        let outcome = self.bank.check_password(params, body).await?;
        let sign_in = outcome.sign_in.map(|open| OpenSignIn {
            expires_at: (Utc::now() + TimeDelta::minutes(10)).fixed_offset(),
            ..open
        });
        Ok(PasswordOutcome { sign_in, ..outcome })
    }

    async fn check_second_factor(
        &self,
        params: CheckSecondFactorParams,
        body: SecondFactorCheck,
    ) -> Result<SecondFactorOutcome, BankError> {
        let outcome = self.bank.check_second_factor(params, body).await?;
        let signed_in = outcome.signed_in.map(|signed_in| SignedIn {
            at: Utc::now().fixed_offset(),
            ..signed_in
        });
        Ok(SecondFactorOutcome {
            signed_in,
            ..outcome
        })
    }
}
