//! Sessions with a token: opened when needed, kept for the next signature, replaced when they break.

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use cryptoki::context::Pkcs11;
use cryptoki::object::{Attribute, ObjectClass, ObjectHandle};
use cryptoki::session::Session;
use secrecy::SecretString;

use super::gate::Call;
use super::module::{Module, Wanted};
use super::{KeyHalf, TokenError, TokenKeyName};

pub(super) struct Sessions {
    module: Arc<Module>,
    wanted: Wanted,
    description: String,
    pin: SecretString,
    pin_refused: AtomicBool,
    idle: Arc<Idle>,
}

/// Each with the number of the login that it was opened under.
#[derive(Default)]
pub(super) struct Idle(Mutex<Vec<(u64, Session)>>);

/// Fields are dropped in this order: the session is closed inside.
struct Open<'a> {
    session: Session,
    _call: Call<'a>,
}

#[derive(Clone, Copy)]
enum Access {
    Reading,
    Writing,
}

impl Sessions {
    /// Logs in with the first session.
    pub(super) fn start(
        path: &Path,
        wanted: Wanted,
        pin: SecretString,
    ) -> Result<Self, TokenError> {
        let mut sessions = Self {
            module: Module::load(path)?,
            wanted,
            description: String::new(),
            pin,
            pin_refused: AtomicBool::new(false),
            idle: Arc::default(),
        };
        sessions.module.register(&sessions.idle);
        let module = &sessions.module;
        let info = sessions.run(|session| {
            let slot = session.get_session_info()?.slot_id();
            Ok(module.pkcs11.get_token_info(slot)?)
        })?;
        let description = format!("{} {}", info.manufacturer_id(), info.model());
        description.trim().clone_into(&mut sessions.description);
        Ok(sessions)
    }

    pub(super) fn description(&self) -> &str {
        &self.description
    }

    /// Object handles are good for one login: a module may give their numbers to other objects after the next (PKCS#11 §4.4).
    pub(super) fn login(&self) -> u64 {
        self.module.logins.load(Ordering::SeqCst)
    }

    /// Runs `operation` with a session; once more with a new one if the first was broken.
    pub(super) fn run<T>(
        &self,
        operation: impl Fn(&Session) -> Result<T, TokenError>,
    ) -> Result<T, TokenError> {
        let call = self.module.enter();
        if let Some((login, session)) = self.idle.pop() {
            match operation(&session) {
                // Those as old as it broke as well, most likely. Logged out, a token does not show its private keys.
                Err(TokenError::Failed(_) | TokenError::NoKey { .. }) => {
                    drop(session);
                    self.idle.clear(login);
                }
                settled => {
                    self.idle.push(login, session);
                    return settled;
                }
            }
        }
        drop(call);
        // Bindings are dropped last to first: the session is closed inside.
        let Open { _call, session } = self.open(Access::Reading)?;
        let login = self.login();
        let outcome = operation(&session);
        if !matches!(outcome, Err(TokenError::Failed(_))) {
            self.idle.push(login, session);
        }
        outcome
    }

    /// A session that can change the token, closed afterwards.
    pub(super) fn run_writing<T>(
        &self,
        operation: impl FnOnce(&Session) -> Result<T, TokenError>,
    ) -> Result<T, TokenError> {
        operation(&self.open(Access::Writing)?.session)
    }

    /// With the module started anew if it takes that.
    fn open(&self, access: Access) -> Result<Open<'_>, TokenError> {
        let seen = self.module.starts();
        match self.try_open(access) {
            Err(TokenError::Failed(_) | TokenError::NoToken { .. })
                if self.module.start_anew(seen) =>
            {
                self.try_open(access)
            }
            settled => settled,
        }
    }

    fn try_open(&self, access: Access) -> Result<Open<'_>, TokenError> {
        let call = self.module.enter();
        let (slot, token) = self.module.find(&self.wanted)?;
        let session = match access {
            Access::Reading => self.module.pkcs11.open_ro_session(slot)?,
            Access::Writing => self.module.pkcs11.open_rw_session(slot)?,
        };
        let open = Open {
            session,
            _call: call,
        };
        if self.pin_refused.load(Ordering::Acquire) {
            return Err(TokenError::PinRefused);
        }
        let entered = self.module.log_in(&open.session, &token, &self.pin);
        if matches!(entered, Err(TokenError::PinRefused)) {
            self.pin_refused.store(true, Ordering::Release);
        }
        entered.map(|()| open)
    }
}

impl Drop for Sessions {
    fn drop(&mut self) {
        // Inside, lest they are closed in a module that was started anew and has other sessions of these numbers.
        let _call = self.module.enter();
        self.idle.clear(u64::MAX);
    }
}

impl Idle {
    fn pop(&self) -> Option<(u64, Session)> {
        self.locked().pop()
    }

    fn push(&self, login: u64, session: Session) {
        self.locked().push((login, session));
    }

    /// Closes those of this login and before.
    pub(super) fn clear(&self, login: u64) {
        self.locked().retain(|(opened, _)| *opened > login);
    }

    /// Whether one of them is still good, and its token there.
    pub(super) fn works(&self, module: &Pkcs11) -> bool {
        self.locked().iter().any(|(_, session)| {
            let info = session.get_session_info();
            info.is_ok_and(|info| module.get_token_info(info.slot_id()).is_ok())
        })
    }

    fn locked(&self) -> MutexGuard<'_, Vec<(u64, Session)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The one object of that half and name.
pub(super) fn find(
    session: &Session,
    name: &TokenKeyName,
    half: KeyHalf,
) -> Result<ObjectHandle, TokenError> {
    let mut template = vec![Attribute::Class(match half {
        KeyHalf::Private => ObjectClass::PRIVATE_KEY,
        KeyHalf::Public => ObjectClass::PUBLIC_KEY,
    })];
    let label = name.label.as_ref();
    template.extend(label.map(|label| Attribute::Label(label.as_bytes().to_vec())));
    template.extend(name.id.clone().map(Attribute::Id));
    let name = || name.clone();
    match session.find_objects(&template)?[..] {
        [] => Err(TokenError::NoKey { half, name: name() }),
        [handle] => Ok(handle),
        _ => Err(TokenError::Ambiguous { half, name: name() }),
    }
}
