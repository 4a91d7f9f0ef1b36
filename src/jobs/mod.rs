//! Background work, one job per file. All of it can run on several replicas at once.

mod deadlines;
mod deliver;
mod notices;

pub use deadlines::Deadlines;
pub use deliver::Deliveries;
