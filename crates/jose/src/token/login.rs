//! The PIN: tried when it must be, never when it could lock the token, and never taken on trust.

use std::sync::PoisonError;
use std::sync::atomic::Ordering;

use aws_lc_rs::constant_time::verify_slices_are_equal;
use cryptoki::error::{Error, RvError};
use cryptoki::session::{Session, SessionState, UserType};
use cryptoki::slot::TokenInfo;
use secrecy::{ExposeSecret as _, SecretString};

use super::TokenError;
use super::module::Module;

impl Module {
    /// All sessions of a process with one token are logged in together (PKCS#11 §5.6), so that only the first login tries its PIN. A
    /// further one is let in with the PIN that was tried, and with no other.
    pub(super) fn log_in(
        &self,
        session: &Session,
        token: &TokenInfo,
        pin: &SecretString,
    ) -> Result<(), TokenError> {
        let mut proven = self.proven.lock().unwrap_or_else(PoisonError::into_inner);
        let name = (token.label().to_owned(), token.serial_number().to_owned());
        let state = session.get_session_info()?.session_state();
        let is_in = matches!(state, SessionState::RoUser | SessionState::RwUser);
        if !is_in {
            refuse_if_it_could_lock(token.user_pin_locked(), token.user_pin_final_try())?;
            // Before the login: from then on a number that stood for one object may stand for another.
            self.logins.fetch_add(1, Ordering::SeqCst);
            match session.login(UserType::User, Some(pin)) {
                Ok(()) => {
                    proven.insert(name, pin.clone());
                    return Ok(());
                }
                Err(Error::Pkcs11(RvError::UserAlreadyLoggedIn, _)) => {}
                Err(Error::Pkcs11(
                    RvError::PinIncorrect
                    | RvError::PinInvalid
                    | RvError::PinLenRange
                    | RvError::PinLocked
                    | RvError::PinExpired,
                    _,
                )) => return Err(TokenError::PinRefused),
                Err(error) => return Err(error.into()),
            }
        }
        if proven.get(&name).is_some_and(|known| equal(known, pin)) {
            Ok(())
        } else {
            Err(TokenError::PinUnproven)
        }
    }
}

/// A service that is restarted again and again tries its PIN again and again.
fn refuse_if_it_could_lock(is_locked: bool, is_final_try: bool) -> Result<(), TokenError> {
    match (is_locked, is_final_try) {
        (true, _) => Err(TokenError::PinLocked),
        (false, true) => Err(TokenError::PinFinalTry),
        (false, false) => Ok(()),
    }
}

fn equal(one: &SecretString, other: &SecretString) -> bool {
    let (one, other) = (one.expose_secret(), other.expose_secret());
    verify_slices_are_equal(one.as_bytes(), other.as_bytes()).is_ok()
}
