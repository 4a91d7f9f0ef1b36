//! Background work, one job per file. All of it can run on several replicas at once.

mod deadlines;
mod deliver;

pub use deadlines::Deadlines;
pub use deliver::Deliveries;
