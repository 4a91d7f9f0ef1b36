//! Sessions with a token: opened when needed, kept for the next signature, replaced when they break.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use cryptoki::context::{CInitializeArgs, CInitializeFlags, Pkcs11};
use cryptoki::error::{Error, RvError};
use cryptoki::object::{Attribute, ObjectClass, ObjectHandle};
use cryptoki::session::{Session, UserType};
use cryptoki::slot::Slot;
use secrecy::SecretString;

use super::{TokenError, TokenKeyName};

/// A module is initialized once in the life of a process, whoever else uses it (PKCS#11 §5.4).
static MODULES: Mutex<Option<HashMap<PathBuf, Pkcs11>>> = Mutex::new(None);

pub(super) struct Sessions {
    module: Pkcs11,
    label: String,
    description: String,
    pin: SecretString,
    pin_refused: AtomicBool,
    idle: Mutex<Vec<Session>>,
}

impl Sessions {
    /// Logs in with the first session.
    pub(super) fn start(path: &Path, label: &str, pin: SecretString) -> Result<Self, TokenError> {
        let module = initialized(path)?;
        let slot = slot_of(&module, label)?;
        let info = module.get_token_info(slot)?;
        let description = format!("{} {}", info.manufacturer_id(), info.model());
        let sessions = Self {
            module,
            label: label.to_owned(),
            description: description.trim().to_owned(),
            pin,
            pin_refused: AtomicBool::new(false),
            idle: Mutex::default(),
        };
        let first = sessions.open()?;
        sessions.idle().push(first);
        Ok(sessions)
    }

    pub(super) fn description(&self) -> &str {
        &self.description
    }

    /// Runs `operation` with a session; once more with a new one if the first was broken.
    pub(super) fn run<T>(
        &self,
        operation: impl Fn(&Session) -> Result<T, TokenError>,
    ) -> Result<T, TokenError> {
        let kept = self.idle().pop();
        if let Some(session) = kept {
            match operation(&session) {
                // The others broke as well, most likely. Logged out, a token does not show its private keys.
                Err(TokenError::Failed(_) | TokenError::NoKey(_)) => self.idle().clear(),
                settled => {
                    self.idle().push(session);
                    return settled;
                }
            }
        }
        let session = self.open()?;
        let outcome = operation(&session);
        if !matches!(outcome, Err(TokenError::Failed(_))) {
            self.idle().push(session);
        }
        outcome
    }

    /// A session that can change the token, closed afterwards.
    pub(super) fn run_writing<T>(
        &self,
        operation: impl FnOnce(&Session) -> Result<T, TokenError>,
    ) -> Result<T, TokenError> {
        let slot = slot_of(&self.module, &self.label)?;
        let session = self.module.open_rw_session(slot)?;
        self.log_in(&session)?;
        operation(&session)
    }

    fn open(&self) -> Result<Session, TokenError> {
        // Asked anew, because a token that went away may come back in another slot.
        let slot = slot_of(&self.module, &self.label)?;
        let session = self.module.open_ro_session(slot)?;
        self.log_in(&session)?;
        Ok(session)
    }

    /// All sessions of a process are logged in together (PKCS#11 §5.6).
    fn log_in(&self, session: &Session) -> Result<(), TokenError> {
        if self.pin_refused.load(Ordering::Acquire) {
            return Err(TokenError::PinRefused);
        }
        match session.login(UserType::User, Some(&self.pin)) {
            Ok(()) | Err(Error::Pkcs11(RvError::UserAlreadyLoggedIn, _)) => Ok(()),
            Err(Error::Pkcs11(
                RvError::PinIncorrect
                | RvError::PinInvalid
                | RvError::PinLenRange
                | RvError::PinLocked
                | RvError::PinExpired,
                _,
            )) => {
                self.pin_refused.store(true, Ordering::Release);
                Err(TokenError::PinRefused)
            }
            Err(error) => Err(error.into()),
        }
    }

    fn idle(&self) -> MutexGuard<'_, Vec<Session>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn initialized(path: &Path) -> Result<Pkcs11, TokenError> {
    let failed = |problem: String| TokenError::Module {
        path: path.to_owned(),
        problem,
    };
    let mut modules = MODULES.lock().unwrap_or_else(PoisonError::into_inner);
    let modules = modules.get_or_insert_default();
    if let Some(module) = modules.get(path) {
        return Ok(module.clone());
    }
    let module = Pkcs11::new(path).map_err(|error| failed(error.to_string()))?;
    match module.initialize(CInitializeArgs::new(CInitializeFlags::OS_LOCKING_OK)) {
        Ok(()) | Err(Error::Pkcs11(RvError::CryptokiAlreadyInitialized, _)) => {}
        Err(error) => return Err(failed(error.to_string())),
    }
    modules.insert(path.to_owned(), module.clone());
    Ok(module)
}

fn slot_of(module: &Pkcs11, label: &str) -> Result<Slot, TokenError> {
    let mut found = Vec::new();
    for slot in module.get_slots_with_initialized_token()? {
        let token = module.get_token_info(slot)?;
        if token.label() == label {
            return Ok(slot);
        }
        found.push(token.label().to_owned());
    }
    Err(TokenError::NoToken {
        wanted: label.to_owned(),
        found,
    })
}

pub(super) fn find_private_key(
    session: &Session,
    name: &TokenKeyName,
) -> Result<ObjectHandle, TokenError> {
    find(session, name, ObjectClass::PRIVATE_KEY)
}

/// The one object of that class and name.
pub(super) fn find(
    session: &Session,
    name: &TokenKeyName,
    class: ObjectClass,
) -> Result<ObjectHandle, TokenError> {
    let mut template = vec![Attribute::Class(class)];
    let label = name.label.as_ref();
    template.extend(label.map(|label| Attribute::Label(label.as_bytes().to_vec())));
    template.extend(name.id.clone().map(Attribute::Id));
    match session.find_objects(&template)?[..] {
        [] => Err(TokenError::NoKey(name.clone())),
        [handle] => Ok(handle),
        _ => Err(TokenError::Ambiguous(name.clone())),
    }
}
