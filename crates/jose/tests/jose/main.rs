//! The crate from outside: against an implementation that is not ours, against published examples, and against attackers.

mod ciphertexts;
mod corpus;
mod damage;
mod forgeries;
mod headers;
mod key_files;
mod key_sets;
mod oracle;
mod padding;
mod parties;
mod pool;
mod properties;
mod signing;
mod small_print;
mod tampering;
mod tokens;
mod vectors;
mod verifier;
