//! The vendors' libraries of this process: loaded once, started once, and started anew when a token is lost for good.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, Instant};

use cryptoki::context::{CInitializeArgs, CInitializeFlags, Pkcs11};
use cryptoki::error::{Error, RvError};
use cryptoki::slot::{Slot, TokenInfo};
use secrecy::SecretString;

use super::TokenError;
use super::gate::{Call, Gate};
use super::sessions::Idle;

/// A module is initialized once in the life of a process, whoever else uses it (PKCS#11 §5.4).
static MODULES: Mutex<Option<HashMap<PathBuf, Arc<Module>>>> = Mutex::new(None);

/// Between one start of a module and the next, so that a token that stays away does not cost one for each signature.
const BETWEEN_STARTS: Duration = Duration::from_secs(5);
/// For the calls under way when a module is to be started anew. Calls to a lost token fail in no time; one that hangs forbids it.
const CALLS_UNDER_WAY: Duration = Duration::from_secs(1);

pub(super) struct Module {
    pub(super) pkcs11: Pkcs11,
    gate: Gate,
    starts: Mutex<Starts>,
    /// Somebody else in the process started it, and would lose it with us.
    is_shared: AtomicBool,
    /// All sessions that wait for a signature, of every [`Token`](super::Token) of this module.
    idle: Mutex<Vec<Weak<Idle>>>,
    pub(super) logins: AtomicU64,
    /// By the token's label and serial number: the last PIN that let us in.
    pub(super) proven: Mutex<HashMap<(String, String), SecretString>>,
}

#[derive(Default)]
struct Starts {
    count: u64,
    last: Option<Instant>,
}

/// Which token of a module.
pub(super) struct Wanted {
    pub(super) label: String,
    pub(super) serial: Option<String>,
}

impl Module {
    pub(super) fn load(path: &Path) -> Result<Arc<Self>, TokenError> {
        let failed = |problem: String| TokenError::Module {
            path: path.to_owned(),
            problem,
        };
        // One library by two names is one module. A bare name is left to the system's search.
        let name = path.canonicalize().unwrap_or_else(|_| path.to_owned());
        let mut modules = MODULES.lock().unwrap_or_else(PoisonError::into_inner);
        let modules = modules.get_or_insert_default();
        if let Some(module) = modules.get(&name) {
            return Ok(module.clone());
        }
        let pkcs11 = Pkcs11::new(path).map_err(|error| failed(error.to_string()))?;
        let is_shared = !initialized(&pkcs11).map_err(|error| failed(error.to_string()))?;
        if is_shared {
            // It may be one of ours by a name that was not seen through.
            for other in modules.values() {
                other.is_shared.store(true, Ordering::Release);
            }
        }
        let module = Arc::new(Self {
            pkcs11,
            gate: Gate::default(),
            starts: Mutex::default(),
            is_shared: AtomicBool::new(is_shared),
            idle: Mutex::default(),
            logins: AtomicU64::new(0),
            proven: Mutex::default(),
        });
        modules.insert(name, module.clone());
        Ok(module)
    }

    /// For as long as anything of the module is used.
    pub(super) fn enter(&self) -> Call<'_> {
        self.gate.enter()
    }

    /// How often it was started anew.
    pub(super) fn starts(&self) -> u64 {
        self.locked_starts().count
    }

    pub(super) fn register(&self, idle: &Arc<Idle>) {
        let mut known = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        known.retain(|one| one.strong_count() > 0);
        known.push(Arc::downgrade(idle));
    }

    /// Finalizes and initializes the module, which is what it takes with some when a token has been away (SoftHSM, for one). Sessions
    /// and handles of every token of the module end with it, so that a session which still works forbids it. True if a module
    /// that was started after `seen` is there.
    pub(super) fn start_anew(&self, seen: u64) -> bool {
        let Some(_closed) = self.gate.close(CALLS_UNDER_WAY) else {
            return false;
        };
        let mut starts = self.locked_starts();
        if starts.count != seen {
            return true;
        }
        let is_early = starts.last.is_some_and(|at| at.elapsed() < BETWEEN_STARTS);
        if is_early || self.is_shared.load(Ordering::Acquire) {
            return false;
        }
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        let idle: Vec<_> = idle.iter().filter_map(Weak::upgrade).collect();
        if idle.iter().any(|one| one.works(&self.pkcs11)) {
            return false;
        }
        for one in idle {
            one.clear(u64::MAX);
        }
        starts.last = Some(Instant::now());
        // What counts is whether it can be initialized afterwards.
        let _ = self.pkcs11.clone().finalize();
        let is_started = initialized(&self.pkcs11).unwrap_or(false);
        if is_started {
            starts.count += 1;
        }
        is_started
    }

    /// Asked anew for each session, because a token that went away may come back in another slot.
    pub(super) fn find(&self, wanted: &Wanted) -> Result<(Slot, TokenInfo), TokenError> {
        let (mut matching, mut others) = (Vec::new(), Vec::new());
        for slot in self.pkcs11.get_slots_with_token()? {
            match self.pkcs11.get_token_info(slot) {
                Ok(token) if !token.token_initialized() => {}
                Ok(token) if wanted.is(&token) => matching.push((slot, token)),
                Ok(token) => others.push(format!(
                    "{} (serial number {})",
                    token.label(),
                    token.serial_number()
                )),
                // Another token's trouble is not ours.
                Err(error) => others.push(format!("slot {slot}, which cannot be read ({error})")),
            }
        }
        if matching.len() > 1 {
            let serials = matching.iter().map(|(_, token)| token.serial_number());
            return Err(TokenError::Twins {
                label: wanted.label.clone(),
                serials: serials.map(str::to_owned).collect(),
            });
        }
        matching.pop().ok_or_else(|| TokenError::NoToken {
            wanted: wanted.label.clone(),
            serial: wanted.serial.clone(),
            found: others,
        })
    }

    fn locked_starts(&self) -> MutexGuard<'_, Starts> {
        self.starts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Wanted {
    fn is(&self, token: &TokenInfo) -> bool {
        let serial = self.serial.as_deref();
        token.label() == self.label && serial.is_none_or(|serial| token.serial_number() == serial)
    }
}

/// False if it was already.
fn initialized(module: &Pkcs11) -> Result<bool, Error> {
    match module.initialize(CInitializeArgs::new(CInitializeFlags::OS_LOCKING_OK)) {
        Ok(()) => Ok(true),
        Err(Error::Pkcs11(RvError::CryptokiAlreadyInitialized, _)) => Ok(false),
        Err(error) => Err(error),
    }
}
