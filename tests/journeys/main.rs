//! The journeys, told as stories over real sockets: a real Izin, a real database, PayNet and the consumers
//! from the simulator. Step numbers are those of PayNet's end-to-end test table (v1.2.2 portal).

mod approve;
mod attacks;
mod bank;
mod checks;
mod dangers;
mod deadlines;
mod decisions;
mod delivery;
mod doctor;
mod events;
mod evidence;
mod faults;
mod harness;
mod key_sets;
mod keys;
mod life;
mod metrics;
mod ops;
mod outages;
mod outbox;
mod postgres;
mod profile;
mod reconcile;
mod reject;
mod replicas;
mod secrets;
mod settling;
mod sign_in;
mod signatures;
mod stop;
mod threat_model;
mod zones;
