//! Background work, one job per file. All of it can run on several replicas at once.

mod deliver;
mod deadlines;

pub use deadlines::Deadlines;
pub use deliver::Deliveries;
